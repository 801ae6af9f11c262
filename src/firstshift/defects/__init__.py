"""What a flaw does to a surface: one file for each type, each from an entry of the plan to a `core.imprint.Imprint`.

Begin with `draw.draw_flaw`; `drawn_types.DRAWN_TYPES` lists the types, `schedule` says which flaws an image gets.
"""
