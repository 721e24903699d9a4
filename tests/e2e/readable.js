// What on this page nobody can read: words over other words, words cut off or broken to letters, a
// page that is wider than its screen. A sheet that lies over the page hides what is below it, and so does what scrolls.
() => {
  const LINE = 0.5; // of a line's height lies between the tops of its small letters and their feet
  const NEAR = 2; // pixels that neighbours may share
  const clips = (style) => style.overflowX !== 'visible';
  const meets = (a, b) => ({
    left: Math.max(a.left, b.left),
    right: Math.min(a.right, b.right),
    top: Math.max(a.top, b.top),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const isEmpty = (box) => box.right - box.left < NEAR || box.bottom - box.top < NEAR;
  const isSolid = (style) => !/^(transparent|rgba\(.*, 0(\.\d+)?\))$/.test(style.backgroundColor);

  function isCovered(element, box) {
    const x = (box.left + box.right) / 2;
    const y = (box.top + box.bottom) / 2;
    for (const above of document.elementsFromPoint(x, y)) {
      if (above === element || element.contains(above) || above.contains(element)) return false;
      if (isSolid(getComputedStyle(above))) return true;
    }
    return true;
  }

  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push('the page is wider than its screen');
  const screen = { left: 0, right: innerWidth, top: 0, bottom: innerHeight };
  const sheet = [...document.querySelectorAll('dialog:modal')].pop();
  const walker = document.createTreeWalker(sheet ?? document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const texts = [];
  while (walker.nextNode()) {
    const words = walker.currentNode.data.trim();
    const element = walker.currentNode.parentElement;
    if (!words || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    range.selectNodeContents(walker.currentNode);
    const lines = range.getClientRects();
    if (lines.length > 3 && lines.length * 3 > words.length) found.push(`broken: ${words}`);
    for (const line of lines) {
      const cut = ((line.bottom - line.top) * (1 - LINE)) / 2;
      const whole = { left: line.left, right: line.right, top: line.top + cut, bottom: line.bottom - cut };
      let box = meets(whole, screen);
      let cutBy = null;
      for (let around = element; around !== null; around = around.parentElement) {
        const style = getComputedStyle(around);
        if (!clips(style)) continue;
        const seen = meets(box, around.getBoundingClientRect());
        const isCut = seen.left > box.left + NEAR || seen.right < box.right - NEAR;
        if (isCut && style.overflowX === 'hidden' && style.textOverflow !== 'ellipsis') cutBy ??= seen;
        box = seen;
      }
      if (isEmpty(box) || isCovered(element, box)) continue;
      if (cutBy !== null && !isEmpty(cutBy)) found.push(`cut off: ${words}`);
      texts.push({ element, words, box });
    }
  }
  texts.sort((a, b) => a.box.top - b.box.top);
  texts.forEach((one, index) => {
    for (const other of texts.slice(index + 1)) {
      if (other.box.top >= one.box.bottom) break;
      if (other.element !== one.element && !isEmpty(meets(one.box, other.box)))
        found.push(`${one.words} lies over ${other.words}`);
    }
  });
  return [...new Set(found)].slice(0, 5);
}
