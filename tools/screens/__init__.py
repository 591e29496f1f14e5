"""Parts of `tools/shots.py`: how a screen becomes pictures, which screens there are, and the sheet with all of them."""
