"""
Says how the basemap is drawn, by day and by night, as a MapLibre style.

Quiet on purpose: tickets, engineers and routes must stand out on it. No glyph server and no sprite
are named, the browser's own fonts draw the labels. Must not read tiles.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from dispatcher.geo.basemap import MARGIN_DEG, MAX_ZOOM, MIN_ZOOM

Theme = Literal["light", "dark"]
Layer = dict[str, Any]

SOURCE: Final = "streets"
# routes and markers belong under the labels: insert layers before this one
FIRST_LABEL: Final = "streets-main"
_LIGHT: Final = {
    "land": "#f4f2ee",
    "water": "#c3d7e4",
    "green": "#dfe8d6",
    "building": "#e6e2dc",
    "rail": "#bdb9b4",
    "path": "#dcd7cf",
    "casing": "#d5cfc6",
    "road": "#ffffff",
    "main": "#fbeccb",
    "main_casing": "#dcc79a",
    "text": "#5b5750",
    "town": "#3f3c38",
    "halo": "#fbfaf8",
}
_DARK: Final = {
    "land": "#1b1e23",
    "water": "#10202d",
    "green": "#1e2722",
    "building": "#24282e",
    "rail": "#3a3e45",
    "path": "#2a2e35",
    "casing": "#15181c",
    "road": "#343a43",
    "main": "#4c4a40",
    "main_casing": "#15181c",
    "text": "#a3a7ae",
    "town": "#c9ccd1",
    "halo": "#15181c",
}
PALETTES: Final[dict[Theme, dict[str, str]]] = {"light": _LIGHT, "dark": _DARK}

_MAIN = ["motorway", "trunk", "primary"]
_MIDDLE = ["secondary", "tertiary"]
# width in pixels at zoom 10, 14 and 18
_WIDTHS: Final[dict[str, tuple[float, float, float]]] = {
    "motorway": (1.6, 5.0, 26),
    "trunk": (1.5, 4.6, 24),
    "primary": (1.3, 4.2, 22),
    "secondary": (0.9, 3.4, 20),
    "tertiary": (0.7, 2.8, 18),
    "unclassified": (0.4, 1.9, 14),
    "residential": (0.4, 1.8, 14),
    "living_street": (0.4, 1.6, 12),
    "pedestrian": (0.4, 1.6, 12),
    "service": (0.2, 0.9, 8),
}
_OTHER_WIDTH: Final = (0.4, 1.4, 12)
_TOWNS = ["city", "town"]


def style(theme: Theme, tiles_url: str, bounds: tuple[float, float, float, float]) -> Layer:
    """
    Return a whole MapLibre style for the streets of one city.

    Parameters
    ----------
    tiles_url
        Address of a tile with ``{z}``, ``{x}`` and ``{y}`` in it.
    bounds
        South, west, north, east in degrees.
    """
    south, west, north, east = bounds
    return {
        "version": 8,
        "name": f"streets, {theme}",
        "center": [(west + east) / 2, (south + north) / 2],
        "zoom": 12,
        "sources": {
            SOURCE: {
                "type": "vector",
                "tiles": [tiles_url],
                "minzoom": MIN_ZOOM,
                "maxzoom": MAX_ZOOM,
                "bounds": [
                    *(west - MARGIN_DEG, south - MARGIN_DEG),
                    *(east + MARGIN_DEG, north + MARGIN_DEG),
                ],
                "attribution": (
                    '<a href="https://www.openstreetmap.org/copyright">'
                    "© OpenStreetMap contributors</a>"
                ),
            }
        },
        "layers": layers(theme),
    }


def layers(theme: Theme) -> list[Layer]:
    """Return the layers from bottom to top; they draw from the source `SOURCE`."""
    colour = PALETTES[theme]
    return [
        {"id": "land", "type": "background", "paint": {"background-color": colour["land"]}},
        _area("green", colour["green"]),
        _area("water", colour["water"]),
        _line("waterways", colour["water"], _by_zoom((0.4, 1.6, 6))),
        _area("buildings", colour["building"], min_zoom=14),
        {**_line("paths", colour["path"], _by_zoom((0.3, 0.8, 3))), "minzoom": 14},
        _line("rails", colour["rail"], _by_zoom((0.4, 1.2, 3))),
        _roads("casing", colour["casing"], None, 1.6),
        _roads("casing-main", colour["main_casing"], _MAIN, 1.6),
        _roads("road", colour["road"], None, 0.0),
        _roads("main", colour["main"], _MAIN, 0.0),
        *_labels(colour),
    ]


def _area(name: str, colour: str, min_zoom: int = MIN_ZOOM) -> Layer:
    return {
        "id": name,
        "type": "fill",
        "source": SOURCE,
        "source-layer": name,
        "minzoom": min_zoom,
        "paint": {"fill-color": colour, "fill-antialias": name != "buildings"},
    }


def _line(name: str, colour: str, width: list[Any]) -> Layer:
    return {
        "id": name,
        "type": "line",
        "source": SOURCE,
        "source-layer": name,
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": {"line-color": colour, "line-width": width},
    }


def _by_zoom(widths: tuple[float, float, float]) -> list[Any]:
    low, middle, high = widths
    return ["interpolate", ["exponential", 1.5], ["zoom"], 10, low, 14, middle, 18, high]


def _roads(name: str, colour: str, classes: list[str] | None, wider: float) -> Layer:
    """Draw roads; `wider` pixels more make the casing under them."""
    stops: list[Any] = []
    for i, zoom in enumerate((10, 14, 18)):
        cases: list[Any] = []
        for road, widths in _WIDTHS.items():
            cases += [road, widths[i] + wider * (0.4, 1, 1.4)[i]]
        fallback = _OTHER_WIDTH[i] + wider * (0.4, 1, 1.4)[i]
        stops += [zoom, ["match", ["get", "class"], *cases, fallback]]
    layer = _line("roads", colour, ["interpolate", ["exponential", 1.5], ["zoom"], *stops])
    main = ["in", ["get", "class"], ["literal", _MAIN]]
    return {**layer, "id": f"roads-{name}", "filter": main if classes else ["!", main]}


def _labels(colour: dict[str, str]) -> list[Layer]:
    street = {
        "symbol-placement": "line",
        "text-field": ["get", "name"],
        "text-size": ["interpolate", ["linear"], ["zoom"], 12, 10, 17, 13],
        "text-padding": 8,
        "symbol-spacing": 320,
    }
    place = {
        "text-field": ["get", "name"],
        "text-max-width": 8,
        "text-padding": 6,
    }
    text, strong = (colour["text"], colour["halo"]), (colour["town"], colour["halo"])
    town = ["in", ["get", "class"], ["literal", _TOWNS]]
    return [
        _label("streets-main", "roads", _named(_MAIN + _MIDDLE), street, text, 12),
        _label("streets-small", "roads", _named(None), street, text, 14.5),
        _label("districts", "places", ["!", town], {**place, "text-size": 11.5}, strong, 12),
        _label(
            "towns",
            "places",
            town,
            {**place, "text-size": ["interpolate", ["linear"], ["zoom"], 9, 12, 14, 18]},
            strong,
            9,
        ),
    ]


def _named(classes: list[str] | None) -> list[Any]:
    named = ["!=", ["coalesce", ["get", "name"], ""], ""]
    wide = ["literal", classes or _MAIN + _MIDDLE]
    chosen: list[Any] = ["in", ["get", "class"], wide]
    return ["all", named, chosen if classes else ["!", chosen]]


def _label(
    name: str, layer: str, chosen: list[Any], layout: Layer, ink: tuple[str, str], min_zoom: float
) -> Layer:
    return {
        "id": name,
        "type": "symbol",
        "source": SOURCE,
        "source-layer": layer,
        "minzoom": min_zoom,
        "filter": chosen,
        "layout": layout,
        "paint": {"text-color": ink[0], "text-halo-color": ink[1], "text-halo-width": 1.2},
    }
