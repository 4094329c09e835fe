"""The pass of a network over an image of any size: tiles, blending, memory."""
