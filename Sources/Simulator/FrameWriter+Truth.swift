import FITSIO
import FITSStructure
import Glibc
import Pixels

extension FrameWriter {
  /// Writes the truth of the frame: `SCI` (what the reduced frame should show), `DQ` (dead and hot pixels of
  /// the detector) and the table `SOURCES` of x, y (1-based pixels), RA, DEC (deg, ICRS) and flux (adu/s).
  ///
  /// Of a detector that is more than an ideal amplifier also the table `COSMICS` (ramp, read, pixel, electrons),
  /// `SATREAD` (the first read, counted from 0, in which each pixel of each ramp is full; the number of reads where none
  /// is) and `RELEASED` (electrons out of traps).
  func writeTruth(to path: String) throws(SimulatorError) {
    let window = exposure.readWindow(size: instrument.size)
    let science = scene.truth.cropped(to: window)
    let flags = headers.detector.flags.cropped(to: window)
    try Self.writing(path) {
      var writer = try FITSWriter(path: path)
      try writer.appendPrimary(truthHeader(path))
      var cards = headers.science()
      cards.set("BUNIT", .string(scene.truthUnit), comment: "Unit of the truth")
      try science.withUnsafeBuffer {
        try writer.appendImage(cards, name: "SCI", axes: [window.width, window.height], pixels: $0)
      }
      let flagCards = Header([Card("BUNIT", "", comment: "1024 dead, 2048 hot, 32768 telegraph ...")])
      try flags.withUnsafeBuffer {
        try writer.appendImage(flagCards, name: "DQ", axes: [flags.width, flags.height], pixels: $0)
      }
      try appendSources(to: &writer, window)
      if headers.detector.readout != nil { try appendReadoutTruth(to: &writer, window) }
      return try writer.commit(replacing: replacing)
    }
  }

  private func truthHeader(_ path: String) -> Header {
    var header = headers.primary()
    header.set("FILENAME", .string(Self.baseName(path)))
    header.set("DATAMODL", .string("IRISImageModel"))
    header.set("DATALVL", .integer(2), comment: "Level of the product that this is the truth of")
    header.set("TRUTHIS", .string(scene.truthMeaning), comment: "What SCI shows")
    header.set("TRUTHOF", .string(exposure.fileNames[0]), comment: "First file of the exposure")
    if scene.sky > 0 {
      header.set("TRUTHSKY", .real(scene.sky), comment: "Sky: e-/s per pixel, of spectra relative")
    }
    addCalibrationTruth(to: &header)
    header.cards.removeAll { $0.keyword == "COMMENT" }
    return header
  }

  /// What the frame is taken to find out.
  private func addCalibrationTruth(to header: inout Header) {
    switch exposure.frameClass.purpose {
    case .science, .standard:
      let zero = Instrument.zeroPoint(filter: exposure.filter)
      guard exposure.frameClass.isImager else { return }
      header.set(
        "MAGZERO", .real(zero - 2.5 * log10(headers.detector.gain)), comment: "[mag] Vega, of 1 adu/s")
      guard exposure.frameClass.purpose == .standard else { return }
      header.set("STDMAG", .real(Instrument.standardMagnitude), comment: "[mag] Vega, of the standard star")
    case .pinhole:
      let grid = PinholeGrid(size: instrument.size)
      header.set("PINSPACE", .real(grid.spacing), comment: "[pixel] Between holes, undistorted")
      header.set("PINRAD", .real(PinholeGrid.radial), comment: "x' = x + PINRAD u r2 + PINQUAD v2 pixels")
      header.set("PINQUAD", .real(PinholeGrid.quadratic), comment: "u, v: x, y over half the side")
    default: break
    }
  }

  private func appendSources(to writer: inout FITSWriter, _ window: ReadWindow) throws {
    let gain = headers.detector.gain
    let columns = [
      TableColumn("X", .doubles(scene.sources.map { $0.x - Double(window.x) }), unit: "pixel"),
      TableColumn("Y", .doubles(scene.sources.map { $0.y - Double(window.y) }), unit: "pixel"),
      TableColumn("RA", .doubles(scene.sources.map(\.sky.longitude)), unit: "deg"),
      TableColumn("DEC", .doubles(scene.sources.map(\.sky.latitude)), unit: "deg"),
      TableColumn("FLUX", .doubles(scene.sources.map { $0.flux / gain }), unit: "adu/s"),
    ]
    try writer.appendTable(Header(), name: "SOURCES", columns: columns)
  }

  private func appendReadoutTruth(to writer: inout FITSWriter, _ window: ReadWindow) throws {
    let rays = truth.cosmicRays
    let columns = [
      TableColumn("RAMP", .shortIntegers(rays.map { Int32($0.ramp) })),
      TableColumn("READ", .shortIntegers(rays.map { Int32($0.read) })),
      TableColumn("X", .shortIntegers(rays.map { Int32($0.x + 1) }), unit: "pixel"),
      TableColumn("Y", .shortIntegers(rays.map { Int32($0.y + 1) }), unit: "pixel"),
      TableColumn("ELECTRONS", .doubles(rays.map(\.electrons)), unit: "electron"),
      TableColumn("EVENT", .shortIntegers(rays.map { Int32($0.event) })),
    ]
    try writer.appendTable(Header(), name: "COSMICS", columns: columns)
    if !truth.saturatedFrom.isEmpty {
      let cards = Header([Card("BUNIT", "", comment: "First read, from 0, in which a pixel is full")])
      let axes = [window.width, window.height, truth.saturatedFrom.count]
      try truth.saturatedFrom.flatMap(\.elements).withUnsafeBufferPointer {
        try writer.appendImage(cards, name: "SATREAD", axes: axes, pixels: $0)
      }
    }
    if let released = truth.released {
      let cards = Header([Card("BUNIT", "electron", comment: "Persistence in the first ramp")])
      try released.withUnsafeBuffer {
        try writer.appendImage(cards, name: "RELEASED", axes: [window.width, window.height], pixels: $0)
      }
    }
  }
}
