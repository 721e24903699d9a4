// Whether this device can draw emoji in colour. Where it cannot, tiles show letters instead of boxes.

let known: boolean | null = null;

export function emojiAreDrawn(): boolean {
  if (known !== null) return known;
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 24;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) return (known = false);
  pen.font = '20px sans-serif';
  pen.textBaseline = 'top';
  pen.fillText('\u{1F34E}', 0, 2);
  const pixels = pen.getImageData(0, 0, 24, 24).data;
  // Text is drawn in black: any colour at all can only come from a colour glyph.
  known = pixels.some((value, at) => at % 4 < 3 && value > 40);
  return known;
}

/** Whether `image` is an address rather than a short text to draw. */
export function isPicture(image: string): boolean {
  return /^(\/|https?:|data:image\/)/.test(image);
}
