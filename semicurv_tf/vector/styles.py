"""How QGIS draws the layers: a QML style each, of one symbol."""

from xml.sax.saxutils import quoteattr

_SYMBOLS = {
    "line": ("line", "SimpleLine", {"line_color": "220,30,60,255", "line_width": "0.6", "line_width_unit": "MM",
                                    "line_style": "solid", "capstyle": "round", "joinstyle": "round"}),
    "point": ("marker", "SimpleMarker", {"name": "circle", "color": "255,190,0,255", "outline_color": "60,40,0,255",
                                         "outline_width": "0.2", "size": "1.8", "size_unit": "MM"}),
    "area": ("fill", "SimpleFill", {"color": "220,30,60,60", "style": "solid", "outline_color": "220,30,60,120",
                                    "outline_style": "solid", "outline_width": "0.1", "outline_width_unit": "MM"}),
}  # fmt: skip
_OF_LAYER = {
    "lines": "line",
    "edges": "line",
    "junctions": "point",
    "nodes": "point",
    "dots": "point",
    "areas": "area",
    "sections": "line",
}


def style(layer: str) -> str:
    """The QML of a layer, see `semicurv_tf.vector.layers`."""
    kind, symbol, options = _SYMBOLS[_OF_LAYER[layer]]
    told = "".join(f'<Option type="QString" name={quoteattr(key)} value="{value}"/>' for key, value in options.items())
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis version="3.28.0" styleCategories="Symbology">'
        '<renderer-v2 type="singleSymbol" enableorderby="0" forceraster="0" symbollevels="0"><symbols>'
        f'<symbol type="{kind}" name="0" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{symbol}" enabled="1" locked="0" pass="0"><Option type="Map">{told}</Option></layer>'
        "</symbol></symbols></renderer-v2></qgis>\n"
    )
