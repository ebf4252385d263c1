// A node that is replaced between press and release loses its click; live panels are painted all the time.

// a release can get lost (outside the window, another page in front): no panel waits longer than this
const LONGEST_MS = 3000;

/** Return `paint` so that it waits, once, while a button or a finger is down inside `root`. */
export function steady(root, paint) {
  let isDown = false;
  let isDue = false;
  root.addEventListener("pointerdown", () => {
    if (isDown) return;
    isDown = true;
    const away = new AbortController();
    const free = () => {
      away.abort();
      clearTimeout(timer);
      isDown = false;
      if (isDue) paint();
      isDue = false;
    };
    const timer = setTimeout(free, LONGEST_MS);
    // the click follows the release within the same task
    const up = () => setTimeout(free, 0);
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, up, { signal: away.signal, once: true });
  });
  return () => {
    if (isDown) isDue = true;
    else paint();
  };
}
