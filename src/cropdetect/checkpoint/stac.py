"""A checkpoint as a STAC item, by the extensions ML-Model 1.0.0 and MLM 1.5.2.

pystac has no class for the former, and its class for the latter writes version 1.4.0.
"""

import datetime as dt
import json
import re
from typing import Any

import pystac
from pystac.extensions.classification import Classification

from cropdetect.formats import CheckpointRecord

_EXTENSIONS = [
    "https://stac-extensions.github.io/ml-model/v1.0.0/schema.json",
    "https://stac-extensions.github.io/mlm/v1.5.2/schema.json",
]
_ONNX_TYPE = "application/octet-stream; framework=onnx"
_SAFETENSORS_TYPE = "application/octet-stream; framework=safetensors"
COMPOSE = "docker-compose.yml"
_IMAGE = "model_cv4a_crop_detection:1"
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s()\[\],;]+")


def stac_item(record: CheckpointRecord) -> dict[str, Any]:
    """Return the STAC item of a checkpoint, as JSON holds it.

    The geometry is the region of the training data and the period its season; where these are unknown the geometry is null
    and the date that of `created`.

    Args:
        record: the whole record, members included.
    """
    created = _utc(record.created)
    start, end = _period(record)
    region = record.region
    bbox = None if region is None else [region.west, region.south, region.east, region.north]
    item = pystac.Item(
        id=record.model_id,
        geometry=None if bbox is None else _area(*bbox),
        bbox=bbox,
        datetime=created if start is None else None,
        start_datetime=start,
        end_datetime=end,
        properties={
            "title": f"Crop types from satellite image time series ({record.model.name})",
            "description": f"An ensemble of {len(record.members)} network(s) {record.model.name} that tells {len(record.legend)} "
            f"classes of crops apart, trained on {record.training.n_fields} fields of {', '.join(record.training.data)} "
            f"(licence: {record.training.licence}).{_sensors(record)}",
            "created": created.isoformat().replace("+00:00", "Z"),
            **_ml_model(record),
            **_mlm(record),
        },
        stac_extensions=_EXTENSIONS,
    )
    for number, member in enumerate(record.members):
        item.add_asset(f"member-{number:03d}", _onnx_asset(member.onnx, number))
        item.add_asset(f"weights-{number:03d}", _weights_asset(member.safetensors, number))
    item.add_asset(
        "checkpoint",
        pystac.Asset("./checkpoint.json", title="Record of the checkpoint", media_type=pystac.MediaType.JSON, roles=["metadata"]),
    )
    if record.training_fields is not None:
        item.add_asset("training-fields", _training_fields_asset(record.training_fields.file))
    item.add_asset("inference-runtime", _compose_asset())
    for link in _links(record):
        item.add_link(link)
    # Through JSON, so that nothing but what JSON holds is left of pystac's own types.
    result: dict[str, Any] = json.loads(json.dumps(item.to_dict(include_self_link=False, transform_hrefs=False)))
    return result


def _sensors(record: CheckpointRecord) -> str:
    """Return a sentence on the sensors that a checkpoint of several needs and can do without, or ""."""
    needed = [one.sensor for one in record.sensors if one.needed]
    others = [one.sensor for one in record.sensors if not one.needed]
    parts = [f"it needs {' and '.join(needed)}"] if needed else []
    if others:
        parts.append(f"it can do without {' or '.join(others)}")
    return f" Of its sensors {', and '.join(parts)}." if parts else ""


def _ml_model(record: CheckpointRecord) -> dict[str, Any]:
    """Return the fields of the ML-Model extension."""
    return {
        "ml-model:type": "ml-model",
        "ml-model:learning_approach": "supervised",
        "ml-model:prediction_type": "classification",
        "ml-model:architecture": record.model.name,
    }


def _mlm(record: CheckpointRecord) -> dict[str, Any]:
    """Return the fields of the MLM extension, and the bands it refers to."""
    return {
        "bands": [{"name": band} for band in record.bands],
        "mlm:name": record.model_id,
        "mlm:architecture": record.model.name,
        "mlm:tasks": ["classification"],
        "mlm:framework": "ONNX",
        "mlm:hyperparameters": {"name": record.model.name, **record.model.arguments},
        "mlm:input": [
            _input(
                "image", ["batch", "time", "bands", "height", "width"], "float32", f"raw numbers: {record.units}", record.bands
            ),
            _input("mask", ["batch", "height", "width"], "float32", "share of the pixel inside the field"),
            _input("clear", ["batch", "time", "height", "width"], "other", "bool: neither cloud, shadow, snow nor nodata"),
            _input("day", ["batch", "time"], "float32", "days since 1 January of the season year"),
        ],
        "mlm:output": [
            {
                "name": "scores",
                "description": "softmax gives probabilities; checkpoint.json says how the members' are averaged and calibrated",
                "tasks": ["classification"],
                "result": {"shape": [-1, len(record.legend)], "dim_order": ["batch", "class"], "data_type": "float32"},
                "classification:classes": [
                    Classification.create(value, name=f"{value}_{_slug(name)}", description=name).to_dict()
                    for value, name in enumerate(record.legend, start=1)
                ],
            }
        ],
    }


def _input(name: str, order: list[str], data_type: str, meaning: str, bands: list[str] | None = None) -> dict[str, Any]:
    """Return an MLM input; every dimension but the bands is free."""
    named = {} if bands is None else {"bands": bands}
    shape = [len(bands or ()) if dimension == "bands" else -1 for dimension in order]
    return {
        "name": name,
        "description": f"{meaning}; absent from the graph of a network that does not use it",
        **named,
        "input": {"shape": shape, "dim_order": order, "data_type": data_type},
    }


def _onnx_asset(path: str, number: int) -> pystac.Asset:
    return pystac.Asset(
        f"./{path}",
        title=f"Member {number}, for prediction",
        media_type=_ONNX_TYPE,
        roles=["mlm:model", "data"],
        extra_fields={"mlm:artifact_type": "torch.onnx.export"},
    )


def _weights_asset(path: str, number: int) -> pystac.Asset:
    return pystac.Asset(
        f"./{path}",
        title=f"Member {number}, to train on from",
        media_type=_SAFETENSORS_TYPE,
        roles=["ml-model:checkpoint", "data"],
    )


def _training_fields_asset(path: str) -> pystac.Asset:
    return pystac.Asset(
        f"./{path}", title="Hashed training fields (NumPy)", media_type="application/octet-stream", roles=["metadata"]
    )


def _compose_asset() -> pystac.Asset:
    return pystac.Asset(
        f"./{COMPOSE}",
        title="Compose file that predicts in a container",
        media_type="text/x-yaml; application=compose",
        roles=["ml-model:inference-runtime"],
    )


def _links(record: CheckpointRecord) -> list[pystac.Link]:
    """Return the image that predicts, and the training data sets that have a DOI."""
    image = pystac.Link("ml-model:inferencing-image", f"docker://{_IMAGE}", media_type="docker-image")
    dois = [doi.group() for name in record.training.data if (doi := _DOI.search(name))]
    return [image] + [pystac.Link("ml-model:train-data", f"https://doi.org/{doi}", media_type="text/html") for doi in dois]


def _area(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """Return a box as a GeoJSON polygon, counter-clockwise; cut in two where it lies on both sides of longitude 180."""
    if west > east:
        halves = (_area(west, south, 180.0, north), _area(-180.0, south, east, north))
        return {"type": "MultiPolygon", "coordinates": [half["coordinates"] for half in halves]}
    return {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}


def _period(record: CheckpointRecord) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the first and last day of the training data, where they are known."""
    season = record.season
    if season is None or not season.years:
        return None, None
    first = dt.datetime(min(season.years), 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=season.first_day)
    last = dt.datetime(max(season.years), 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=season.last_day)
    return first, last


def _utc(moment: str) -> dt.datetime:
    """Read an ISO 8601 date and time; one without a zone is UTC."""
    parsed = dt.datetime.fromisoformat(moment)
    return parsed.astimezone(dt.UTC) if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)


def _slug(name: str) -> str:
    """Return a class name in the letters that the Classification extension allows."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)
