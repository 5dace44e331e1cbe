"""Draw a prediction's folder as QGIS shows it: `python3 scripts/render_qgis.py OUT PICTURES`.

It needs the Python of a QGIS installation (Debian: python3-qgis); no screen. Prints what the legends say, as JSON.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("XDG_RUNTIME_DIR", os.environ.get("TMPDIR", "/tmp"))

from qgis.core import (
    QgsApplication,
    QgsLayoutExporter,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutSize,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QRectF
from qgis.PyQt.QtXml import QDomDocument


def styled(out, name):
    """Return the layer of the fields with one of the styles that its GeoPackage holds."""
    layer = QgsVectorLayer(f"{out}/fields.gpkg|layername=fields", f"fields {name}", "ogr")
    _, ids, names, _, _ = layer.listStylesInDatabase()
    text, _ = layer.getStyleFromDatabase(ids[names.index(name)])
    document = QDomDocument()
    document.setContent(text)
    layer.importNamedStyle(document)
    return layer


def legend(layer):
    """Return label and colour of each entry."""
    renderer = layer.renderer()
    if isinstance(layer, QgsRasterLayer):
        return [[one.label, one.color.name()] for one in renderer.classes()]
    return [[one.label(), one.symbol().color().name()] for one in renderer.legendSymbolItems()]


def draw(layer, file):
    """Draw a layer and its legend."""
    project = QgsProject.instance()
    project.clear()
    project.addMapLayer(layer)
    project.setCrs(layer.crs())
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(170, 90))
    drawn = QgsLayoutItemMap(layout)
    drawn.attemptSetSceneRect(QRectF(2, 2, 105, 86))
    drawn.setLayers([layer])
    extent = layer.extent()
    extent.scale(1.08)
    drawn.zoomToExtent(extent)
    layout.addLayoutItem(drawn)
    beside = QgsLayoutItemLegend(layout)
    beside.setLinkedMap(drawn)
    beside.attemptSetSceneRect(QRectF(110, 2, 58, 86))
    layout.addLayoutItem(beside)
    settings = QgsLayoutExporter.ImageExportSettings()
    settings.dpi = 110
    if QgsLayoutExporter(layout).exportToImage(str(file), settings) != QgsLayoutExporter.Success:
        raise SystemExit(f"QGIS could not write {file}")


def main(out, pictures):
    """Draw the fields as QGIS opens them, by confidence, and the map."""
    by_default = QgsVectorLayer(f"{out}/fields.gpkg|layername=fields", "fields", "ogr")
    layers = {"fields": by_default, "confidence": styled(out, "by confidence")}
    if (out / "crop_map.tif").is_file():
        layers["crop_map"] = QgsRasterLayer(f"{out}/crop_map.tif", "crop_map")
    pictures.mkdir(parents=True, exist_ok=True)
    said = {}
    for name, layer in layers.items():
        said[name] = {"valid": layer.isValid(), "renderer": layer.renderer().type(), "legend": legend(layer)}
        draw(layer, pictures / f"{name}.png")
    print(json.dumps(said))


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    application.exitQgis()
