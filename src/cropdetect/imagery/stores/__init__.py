"""How pixels are read: raster files and cubes, open files, grids and resampling, and the safety of all of it."""
