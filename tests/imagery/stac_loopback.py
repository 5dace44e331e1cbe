"""A STAC catalogue on loopback over Cloud-Optimized GeoTIFFs of a season: files behind nginx, items behind `rustac serve`.

Where nginx is not installed, a small server of this module serves the files; it also makes faults. Requests and bytes are counted
in either.
"""

import datetime as dt
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import rasterio
import rasterio.shutil
from rasterio.warp import transform_bounds, transform_geom

_FILE = re.compile(r"T(?P<granule>\w{5})_(?P<date>\d{8})T(?P<time>\d{6})_(?P<band>\w{3})_\d\dm\.tif")
#: Names of the assets as Earth Search has them.
ASSETS = {
    "B01": "coastal", "B02": "blue", "B03": "green", "B04": "red", "B05": "rededge1", "B06": "rededge2", "B07": "rededge3",
    "B08": "nir", "B8A": "nir08", "B09": "nir09", "B11": "swir16", "B12": "swir22", "SCL": "scl",
}  # fmt: skip


def make_cogs(season: Path, folder: Path, block: int = 256) -> list[Path]:
    """Write every GeoTIFF of a season as a COG of the same pixels and name."""
    folder.mkdir(parents=True)
    made = []
    for path in sorted(season.glob("*.tif")):
        target = folder / path.name
        rasterio.shutil.copy(path, target, driver="COG", blocksize=block, compress="deflate", overviews="auto")
        made.append(target)
    return made


def make_items(cogs: Sequence[Path], url: str, collection: str = "sentinel-2-l2a") -> list[dict[str, Any]]:
    """Return an item for each date of a folder of COGs, in the shape of Earth Search's, with assets at `url`.

    The shape is that of https://earth-search.aws.element84.com/v1/collections/sentinel-2-l2a/items.
    """
    by_date: dict[tuple[str, str, str], list[tuple[str, Path]]] = {}
    for path in cogs:
        match = _FILE.fullmatch(path.name)
        assert match is not None, path
        by_date.setdefault((match["granule"], match["date"], match["time"]), []).append((match["band"], path))
    items = []
    for (granule, date, time_of_day), files in sorted(by_date.items()):
        assets = {}
        for band, path in files:
            numbers = {"nodata": 0, "data_type": "uint8" if band == "SCL" else "uint16"}
            scaled = {} if band == "SCL" else {"scale": 0.0001, "offset": -0.1}
            assets[ASSETS[band]] = {
                "href": f"{url}/{path.name}",
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data", "reflectance"],
                "eo:bands": [{"name": ASSETS[band]}],
                "raster:bands": [numbers | scaled],
            }
        with rasterio.open(files[0][1]) as opened:
            box = transform_bounds(opened.crs, "EPSG:4326", *opened.bounds)
            west, south, east, north = opened.bounds
            ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
            outline = transform_geom(opened.crs, "EPSG:4326", {"type": "Polygon", "coordinates": [ring]})
            code = opened.crs.to_epsg()
        taken = dt.datetime.strptime(date + time_of_day, "%Y%m%d%H%M%S")
        items.append(
            {
                "type": "Feature",
                "stac_version": "1.0.0",
                "stac_extensions": [],
                "id": f"S2A_{granule}_{date}_0_L2A",
                "collection": collection,
                "geometry": json.loads(json.dumps(outline)),
                "bbox": list(box),
                "properties": {
                    "datetime": f"{taken.isoformat()}Z",
                    "updated": "2024-01-01T00:00:00Z",
                    "platform": "sentinel-2a",
                    "constellation": "sentinel-2",
                    "eo:cloud_cover": 10.0,
                    "grid:code": f"MGRS-{granule}",
                    "proj:epsg": code,
                    "s2:processing_baseline": "05.09",
                    "earthsearch:boa_offset_applied": True,
                },
                "links": [],
                "assets": assets,
            }
        )
    return items


def item_collection(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return items as an item collection."""
    return {"type": "FeatureCollection", "features": list(items)}


@dataclass
class Counts:
    """What a server of files answered: requests, and bytes of bodies."""

    requests: int = 0
    bytes: int = 0
    paths: list[str] = field(default_factory=list)


class FileServer:
    """Serves a folder with ranges, in threads of this process.

    Args:
        folder: what is served.

    Attributes:
        fault: called with (path, how often it was asked for); returns a status to answer with instead, or None. -1 breaks the
            connection in the middle of the body, 200 gives the whole file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.counts = folder, Counts()
        self.fault: Callable[[str, int], int | None] = lambda path, times: None
        self.asked: dict[str, int] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "FileServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, path: str, n_bytes: int) -> int:
        """Count an answer; return how often the path was asked for."""
        with self._lock:
            self.counts.requests += 1
            self.counts.bytes += n_bytes
            self.counts.paths.append(path)
            self.asked[path] = self.asked.get(path, 0) + 1
            return self.asked[path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, files: FileServer, *arguments: Any) -> None:
        self.files = files
        super().__init__(*arguments)

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].lstrip("/")
        file = self.files.folder / name
        status = self.files.fault(self.path, self.files.asked.get(self.path, 0))
        if status not in (None, -1, 200) or not file.is_file():
            self.files.count(self.path, 0)
            self.send_response(status or 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        size = file.stat().st_size
        first, last = (int(number) for number in self.headers["Range"].removeprefix("bytes=").split("-"))
        body = file.read_bytes() if status == 200 else file.read_bytes()[first : last + 1]
        self.files.count(self.path, len(body))
        self.send_response(200 if status == 200 else 206)
        if status != 200:
            self.send_header("Content-Range", f"bytes {first}-{first + len(body) - 1}/{size}")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{file.stat().st_mtime_ns}-{size}"')
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if status == -1 else body)
        self.close_connection = status == -1

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serve_files(folder: Path, scratch: Path) -> Iterator[tuple[str, Callable[[], Counts], str]]:
    """Serve a folder by nginx, or by `FileServer` where it is not installed.

    Yields:
        address, what counts the answers so far, and the name of the server.
    """
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if nginx is None:
        with FileServer(folder) as server:
            yield server.url, lambda: server.counts, "the tests' own server"
        return
    scratch.mkdir(parents=True)
    port, log = free_port(), scratch / "access.log"
    (scratch / "nginx.conf").write_text(
        f"""daemon off; pid {scratch}/pid; error_log {scratch}/error.log; worker_processes 1;
events {{ worker_connections 128; }}
http {{
  log_format bytes '$status $body_bytes_sent $uri'; access_log {log} bytes; keepalive_timeout 5;
  client_body_temp_path {scratch}/a; proxy_temp_path {scratch}/b; fastcgi_temp_path {scratch}/c;
  uwsgi_temp_path {scratch}/d; scgi_temp_path {scratch}/e;
  server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""
    )
    command = [nginx, "-p", str(scratch), "-c", str(scratch / "nginx.conf"), "-g", f"user {_user()};" if _user() else ""]
    with running([part for part in command if part] if _user() else command[:-2], port):
        url = f"http://127.0.0.1:{port}"
        yield url, lambda: _logged(log, url), "nginx"


def _user() -> str:
    """Return the user as whom the workers of nginx run, where the tests run as root."""
    import getpass

    return getpass.getuser() if os.geteuid() == 0 else ""


def _logged(log: Path, url: str) -> Counts:
    """Count what nginx has answered: it logs an answer after it has sent it, and before it takes the next request."""
    mark = f"/mark-{uuid.uuid4().hex}"
    with suppress(urllib.error.HTTPError):  # there is no such file
        urllib.request.urlopen(url + mark, timeout=60).close()
    deadline = time.monotonic() + 60
    while mark not in (text := log.read_text()):
        assert time.monotonic() < deadline, text
        time.sleep(0.01)
    lines = [line.split(" ", 2) for line in text.splitlines() if "/mark-" not in line]
    return Counts(len(lines), sum(int(n_bytes) for _, n_bytes, _ in lines), [path for _, _, path in lines])


@contextmanager
def serve_items(items: Sequence[dict[str, Any]], scratch: Path) -> Iterator[str]:
    """Serve items as a STAC API by `rustac serve`.

    Yields:
        the address of the API.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    file, port = scratch / "catalogue.json", free_port()
    file.write_text(json.dumps(item_collection(items)))
    rustac = Path(sys.executable).with_name("rustac")
    with running([str(rustac), "serve", str(file), "--create-collections", "-a", f"127.0.0.1:{port}"], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[None]:
    """Run a server until the block ends; it begins when the server listens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not _listens(port):
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
            assert time.monotonic() < deadline, f"{command[0]} does not listen"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(60)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port that nothing listens on, below those that the system gives to connections; each process looks elsewhere."""
    for port in range(20_000 + os.getpid() % 1_000 * 10, 32_000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


def answers(url: str) -> Any:
    """Return the JSON at an address."""
    with urllib.request.urlopen(url, timeout=60) as response:
        return json.load(response)
