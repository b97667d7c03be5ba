import FITSStructure
import Foundation
import Metadata
import Testing

/// Headers as they come off a disk: written records, and real frames of other instruments where they are at hand.
@Suite struct RealFramesTests {
  private static let shared = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/data")

  @Test(arguments: ["NaN", "-1.0", "1.0E+99", "'NaN'", "abc", "-Inf"])
  func recordsOfImpossibleExposureTimes(_ value: String) throws {
    let records = [
      "OBSNAME = 'IMG1-SCI'", "OBSTYPE = 'SCI     '", "DETECTOR= 'IMG1    '",
      "EXPTIME = " + String(repeating: " ", count: max(0, 20 - value.count)) + value,
    ]
    let text = records.map { $0.padding(toLength: 80, withPad: " ", startingAt: 0) }.joined()
    let frame = FrameMetadata(primary: HeaderText(text: text).cards)
    let result = try shippedClassifier().classify(frame)
    #expect(result.state == .quarantined && result.obsName == "IMG1-SCI", "\(result.reason ?? "")")
  }

  @Test(arguments: [
    ("iris_readout/sample_ramp.fits", 0, "OBSNAME is missing and cannot be derived"),
    ("nirc2_uranus/standard_1.fits", 1, "OBSNAME is missing"),
    ("nirc2pol/n0984.fits.gz", 1, "INSTRUME is 'NIRC2'"),
    ("eureka_wfc3/iccz11q4q_ima.fits", 1, "INSTRUME is 'WFC3'"),
    ("nirspec/NS.20100429.40280.fits.gz", 1, "INSTRUME is 'NIRSPEC'"),
  ])
  func realFramesAreHeldWithATrueSentence(_ path: String, _ level: Int, _ sentence: String) throws {
    let url = Self.shared.appending(path: path)
    guard let handle = FileHandle(forReadingAtPath: url.path) else {
      print("skipped: \(path) is not here")
      return
    }
    defer { try? handle.close() }
    let structure = try FileStructure.read(descriptor: handle.fileDescriptor, hasWriter: false)
    guard let primary = structure.hdus.first else { return }
    let frame = FrameMetadata(
      primary: primary.header.cards, extensions: structure.hdus.dropFirst().map(\.header.cards))
    let shape = FrameShape(
      axes: structure.hdus.first { !$0.axes.isEmpty }?.axes ?? [],
      extensionNames: structure.hdus.dropFirst().map(\.name))
    let result = try shippedClassifier().classify(frame, hint: shape, file: url.lastPathComponent)
    #expect(result.state == .held && result.obsName == "UNKNOWN" && result.level == level)
    #expect(result.reason?.contains(sentence) == true, "\(result.reason ?? "")")
  }
}
