"""Data, training and export of Timbre's models; every module with a `main` is a command (`python3 -m timbre_training.X`)."""
