/** The battery: one LiPo cell of 1,000 mAh, and its swelling. Millimetres. */

export const cell = {
  /**
   * As sold under "603450": thickness, width and length are in the name, but the bare cell's. With its protection circuit it is 52 to
   * 53 mm long (as sellers state it), and makers differ by ±0.5 mm.
   */
  lengthMm: 54,
  widthMm: 34,
  thicknessMm: 6,
  /**
   * Room to swell across its thickness. Assumed: about 10 % over a pouch cell's life, with some to spare. A cell that
   * fills it is at its end (docs/hardware.md).
   */
  swellingMm: 1,
  /** Wires leave at one short end; room to bend them. Assumed. */
  wiresMm: 5,
} as const;

/** Thickness of the bay: the cell and its swelling, mm. */
export const bayThicknessMm = cell.thicknessMm + cell.swellingMm;
