"""Affine transforms of images and their exact inverse and adjoint (Xu et al. 2022, Sect. III-C)."""
