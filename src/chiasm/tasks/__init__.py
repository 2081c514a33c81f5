"""What a model predicts: one file for each kind of task, and the contract that they keep."""
