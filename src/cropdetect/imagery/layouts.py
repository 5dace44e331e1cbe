"""The accepted layouts as small trees, for error messages and the documentation."""

#: (what it is, how it looks)
ACCEPTED: tuple[tuple[str, str], ...] = (
    (
        "The folders of the CV4A competition",
        """ROOT/
├── 00/
│   ├── 20190606/
│   │   ├── 0_B01_20190606.tif
│   │   └── 0_CLD_20190606.tif
│   ├── 0_field_id.tif
│   └── 0_label.tif
└── 01/ ...""",
    ),
    (
        "Chip folders: every area has a folder with its images and its fields",
        """ROOT/
├── chip_1/
│   ├── 20190606_B04.tif
│   ├── 20190606_B08.tif
│   └── field_ids.tif
└── chip_2/
    ├── 20190606.tif
    └── fields.gpkg""",
    ),
    (
        "Images and fields in folders of their own",
        """ROOT/
├── Images/
│   └── chip_1/
│       ├── B01.tif ... B12.tif
│       └── stac.json
└── fields/
    └── chip_1/
        └── field_ids.tif""",
    ),
    (
        "NetCDF 4 or Zarr cubes with dimensions time, y, x",
        """ROOT/
├── season_10m.nc
├── season_20m.zarr/
└── fields.gpkg""",
    ),
    (
        "GeoTIFF or JP2 files with date and band in their names or band descriptions",
        """ROOT/
├── 20190606_B04.tif
├── T36NYF_20190606T075611_B08_10m.jp2
├── 2019-07-01.tif
└── fields.gpkg""",
    ),
)


def accepted() -> str:
    """Return all layouts as text of several lines."""
    trees = (f"{what}:\n" + "\n".join(f"    {line}" for line in tree.splitlines()) for what, tree in ACCEPTED)
    return "Accepted are\n" + "\n".join(trees)
