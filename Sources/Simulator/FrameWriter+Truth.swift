import FITSIO
import FITSStructure
import Pixels

extension FrameWriter {
  /// Writes the truth of the frame: `SCI` (what the reduced frame should show), `DQ` (dead and hot pixels of
  /// the detector) and the table `SOURCES` of x, y (1-based pixels), RA, DEC (deg, ICRS) and flux (adu/s).
  func writeTruth(to path: String, flags: Plane<UInt32>) throws(SimulatorError) {
    try Self.writing(path) {
      var writer = try FITSWriter(path: path)
      try writer.appendPrimary(truthHeader(path))
      var cards = headers.science()
      cards.set("BUNIT", .string(scene.truthUnit), comment: "Unit of the truth")
      try scene.truth.withUnsafeBuffer {
        try writer.appendImage(cards, name: "SCI", axes: [scene.truth.width, scene.truth.height], pixels: $0)
      }
      let flagCards = Header([Card("BUNIT", "", comment: "1024 dead, 2048 hot, 32768 telegraph ...")])
      try flags.withUnsafeBuffer {
        try writer.appendImage(flagCards, name: "DQ", axes: [flags.width, flags.height], pixels: $0)
      }
      try appendSources(to: &writer)
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
    header.cards.removeAll { $0.keyword == "COMMENT" }
    return header
  }

  private func appendSources(to writer: inout FITSWriter) throws {
    let gain = headers.detector.gain
    let columns = [
      TableColumn("X", .doubles(scene.sources.map(\.x)), unit: "pixel"),
      TableColumn("Y", .doubles(scene.sources.map(\.y)), unit: "pixel"),
      TableColumn("RA", .doubles(scene.sources.map(\.sky.longitude)), unit: "deg"),
      TableColumn("DEC", .doubles(scene.sources.map(\.sky.latitude)), unit: "deg"),
      TableColumn("FLUX", .doubles(scene.sources.map { $0.flux / gain }), unit: "adu/s"),
    ]
    try writer.appendTable(Header(), name: "SOURCES", columns: columns)
  }
}
