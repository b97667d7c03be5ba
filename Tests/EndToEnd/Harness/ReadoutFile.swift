import FITSStructure
import Foundation

/// One readout of an exposure as the detector software delivers it, made byte by byte: 16 x 16 pixels of uint16.
struct ReadoutFile: Sendable, Hashable {
  static let size = 16

  var detector = "IMG1"
  var exposure: Int
  var ramp = 0
  var read: Int
  /// Microseconds since MJD 0.
  var reset: Int64
  /// Seconds from the reset to this read.
  var time: Double
  /// adu in every pixel.
  var level: Int
  /// What else the header says.
  var cards: [Card] = []
  var isComplete = true
  /// Its bytes are not what its checksum says.
  var isDamaged = false

  var name: String { "\(detector.lowercased())_\(exposure)_\(reset / 1_000_000)_\(ramp)_\(read).fits" }

  /// Seconds since 1970 UTC as microseconds since MJD 0.
  static func microseconds(_ seconds: Double) -> Int64 { Int64((seconds + 40_587 * 86_400) * 1e6) }

  func data() throws -> Data {
    var header = [
      Card("SIMPLE", true), Card("BITPIX", 16), Card("NAXIS", 2), Card("NAXIS1", Self.size),
      Card("NAXIS2", Self.size), Card("BZERO", 32768), Card("BSCALE", 1), Card("DET_ID", detector),
      Card("EXP_NO", exposure), Card("RAMP_NO", ramp), Card("READ_NO", read), Card("COMPLETE", isComplete),
      Card("RST_TIME", Int(reset)), Card("READTIME", Int(reset + Int64(time * 1e6))),
      Card("FRM_TIME", 100_000), Card("SARRMODE", "FULL_FRAME"), Card("XSTART", 1), Card("YSTART", 1),
      Card("XSIZE", Self.size), Card("YSIZE", Self.size),
    ]
    header += cards
    if isDamaged { header.append(Card("DATASUM", "12345")) }
    let text = try HeaderText(cards: header).text + "END"
    let blocks = (text.utf8.count + 2879) / 2880
    var bytes = Array(text.padding(toLength: blocks * 2880, withPad: " ", startingAt: 0).utf8)
    let sample = UInt16(level) ^ 0x8000
    for _ in 0..<Self.size * Self.size { bytes += [UInt8(sample >> 8), UInt8(sample & 255)] }
    bytes += [UInt8](repeating: 0, count: (2880 - bytes.count % 2880) % 2880)
    return Data(bytes)
  }
}

/// An exposure that is delivered as one file per readout, with a count rate that only its own reads give.
struct ReadoutExposure: Sendable {
  var detector = "IMG1"
  var number: Int
  /// Seconds since 1970 UTC of the first reset.
  var begin: Double
  var ramps = 1
  var reads: Int
  /// The number of the first read.
  var base = 0
  /// adu/s.
  var rate: Double
  var spacing = 2.0
  /// `SAMPMODE`, and the `NUMREADS` that goes with so many reads.
  var mode = "UTR"
  /// Whether the headers say what the exposure is and how many reads it has.
  var describesItself = true

  var files: [ReadoutFile] {
    (0..<ramps).flatMap { ramp in
      (0..<reads).map { read in
        let reset = ReadoutFile.microseconds(begin + Double(ramp) * (rampSeconds + 1))
        let time = spacing * Double(read + 1)
        return ReadoutFile(
          detector: detector, exposure: number, ramp: ramp, read: base + read, reset: reset, time: time,
          level: Int(1000 + Double(100 * ramp) + rate * time), cards: describesItself ? cards : [])
      }
    }
  }

  private var rampSeconds: Double { spacing * Double(reads + 1) }

  private var cards: [Card] {
    let declared = mode == "MCDS" || mode == "MDS" ? reads / 2 : mode == "CDS" ? 1 : reads
    return [
      Card("INSTRUME", "IRIS"), Card("OBSTYPE", "SCI"), Card("OBSNAME", "\(detector)-SCI"),
      Card("FILTER", "K"),
      Card("SAMPMODE", mode), Card("NUMREADS", declared), Card("NUMRAMPS", ramps),
      Card("RAMPINTT", rampSeconds),
    ]
  }
}
