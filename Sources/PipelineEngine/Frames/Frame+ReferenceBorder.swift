import FITSIO
import FITSStructure
import Pixels

extension Frame {
  /// The reference pixels of the detector that the frame was read from, `pixels` wide on each side; nil of detectors that
  /// have none.
  public func referenceBorder(_ pixels: Int) -> ReferenceBorder? {
    ReferenceBorder(
      detector: header.detectorSize, window: window, isSubarray: metadata.subarray != nil, pixels: pixels)
  }
}

extension Header {
  /// Columns and rows of the whole detector (`DETXSIZE`, `DETYSIZE`, or the same less the last letter).
  public var detectorSize: (width: Int64?, height: Int64?) {
    (integer("DETXSIZE") ?? integer("DETXSIZ"), integer("DETYSIZE") ?? integer("DETYSIZ"))
  }
}
