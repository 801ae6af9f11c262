"""What a model says: one folder for each kind of task, and how well what it says is true."""
