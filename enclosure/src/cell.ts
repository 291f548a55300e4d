/** The battery: one LiPo cell of 1,000 mAh, its swelling and its plug. Millimetres. */

export const cell = {
  /** As sold under "603450" or "603448" and the like: thickness, width, length in the name. Makers differ by ±0.5 mm. */
  lengthMm: 50,
  widthMm: 34,
  thicknessMm: 6,
  /**
   * Room to swell across its thickness. Assumed: about 10 % over a pouch cell's life, with some to spare. A cell that
   * fills it is at its end (docs/hardware.md).
   */
  swellingMm: 1,
  /** Wires leave at one short end; room to bend them. Assumed. */
  wiresMm: 5,
  /**
   * The plug. The Heltec board has a SH1.25-2 socket (its maker's word for 1.25 mm pitch), most cells of this size come with
   * JST PH 2.0: buy the cell with the right plug, or an adapter. Polarity: docs/hardware.md, before plugging in.
   */
  plug: { name: 'SH1.25-2', lengthMm: 6, widthMm: 4.3, heightMm: 3.2, source: 'assumed, measure yours' },
} as const;

/** Thickness of the bay: the cell and its swelling, mm. */
export const bayThicknessMm = cell.thicknessMm + cell.swellingMm;
