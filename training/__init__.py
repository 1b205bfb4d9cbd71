"""From a checkpoint to the model server: training, export, checks. Needs what `make models` installs; the service needs none of it."""
