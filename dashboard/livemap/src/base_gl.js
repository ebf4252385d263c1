// The street map in WebGL. Everything that moves lies on the overlay, so this redraws on pan and zoom only.
import { Map as GlMap } from "maplibre-gl";
import { View, latOf, lonOf, mercatorX, mercatorY } from "./view.js";

const FONTS = "'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans', sans-serif";

/** MapLibre behind the few calls the map pane needs. Throws where WebGL is missing. */
export class GlBase {
  kind = "gl";

  constructor(host, { view, style, onMove, onReady, label }) {
    this.host = host;
    const canvas = document.createElement("canvas");
    if (!canvas.getContext("webgl2")) throw new Error("no WebGL2");
    this.map = new GlMap({
      container: host, style, center: [lonOf(view.x), latOf(view.y)], zoom: view.zoom,
      attributionControl: false, maplibreLogo: false, dragRotate: false, pitchWithRotate: false,
      touchPitch: false, maxPitch: 0, maxZoom: 18, minZoom: 3, fadeDuration: 0,
      renderWorldCopies: false, refreshExpiredTiles: false, localIdeographFontFamily: FONTS,
      pixelRatio: Math.min(globalThis.devicePixelRatio || 1, 2), trackResize: false,
      locale: { "Map.Title": label },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.on("move", () => onMove(this.view()));
    this.map.on("idle", () => onReady());
    this.map.on("error", () => {}); // a missing tile leaves a blank, which is what one sees
  }

  view() {
    const { lng, lat } = this.map.getCenter();
    const { clientWidth, clientHeight } = this.host;
    return new View(mercatorX(lng), mercatorY(lat), this.map.getZoom(), clientWidth, clientHeight);
  }

  setStyle(style) {
    this.map.setStyle(style, { diff: true });
  }

  go(view, isSmooth) {
    const target = { center: [lonOf(view.x), latOf(view.y)], zoom: view.zoom };
    if (isSmooth) this.map.easeTo({ ...target, duration: 350 });
    else this.map.jumpTo(target);
  }

  resize() {
    this.map.resize();
  }

  destroy() {
    this.map.remove();
  }
}
