"""What runs where the notebook does, behind the wall. Nothing in here is believed outside."""
