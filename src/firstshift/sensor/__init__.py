"""The camera: what a sensor makes of light (`expose`), and which sensor made these frames (`calibrate`). Pure."""
