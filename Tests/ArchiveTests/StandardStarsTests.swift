import Archive
import Associations
import Foundation
import JobContract
import Testing

/// Whether anybody said how bright the standards are, and which.
@Suite final class StandardStarsTests {
  private let folder = "/dev/shm/standards-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func pipeline(_ step: String) -> PipelineDescription {
    PipelineDescription(
      name: "p", summary: "", aliases: [], steps: [step], products: ["photom"], level: 0, referenceTypes: [])
  }

  private func stars(_ list: String?, cfg: String? = nil, _ step: String = "zero_point") throws
    -> StandardStars?
  {
    let (path, configuration) = (folder + "/standards.csv", folder + "/create_photom.cfg")
    try list?.write(toFile: path, atomically: true, encoding: .utf8)
    try cfg?.write(toFile: configuration, atomically: true, encoding: .utf8)
    return StandardStars(
      pipeline(step), path: path, configuration: cfg == nil ? nil : configuration)
  }

  private func frame(_ object: String?, _ filter: String = "H") -> Exposure {
    var fields = ["filter": filter]
    fields["object"] = object
    return Exposure(id: 1, name: "x", fields: fields, start: 0, end: 1, arrivedAt: 0)
  }

  private static let list = """
    # a remark, with a comma
    Filter, Name ,mag
    H,HD 1160,7.013

    ,FS-103,14.2
    """

  @Test func aFrameWaitsForTheLineOfItsStarAndFilter() throws {
    let stars = try #require(try stars(Self.list))
    #expect(stars.lacking([frame("hd1160"), frame("fs-103", "J"), frame("FS-103")]) == nil)
    let sentence = try #require(stars.lacking([frame("HD1160"), frame("HD1160", "J")]))
    #expect(sentence.hasPrefix("nobody said how bright 'HD1160' is in FILTER J: add a line to /dev/shm/"))
    #expect(stars.lacking([frame("FS 103")]) != nil && stars.lacking([frame(nil)]) != nil)
    #expect(stars.parameters == ["zero_point.standards": folder + "/standards.csv"])
  }

  /// A new line for another star makes no other zero point; another magnitude does.
  @Test func onlyWhatIsSaidOfItsOwnStarsCounts() throws {
    let frames = [frame("HD 1160"), frame("FS-103")]
    let before = try #require(try stars(Self.list)).fingerprint(of: frames)
    let more = try #require(try stars(Self.list + "\nJ,HD 1160,6.98\n")).fingerprint(of: frames)
    let changed = Self.list.replacing("7.013", with: "7.02")
    let other = try #require(try stars(changed)).fingerprint(of: frames)
    #expect(before.count == 64 && more == before && other != before)
  }

  /// The step refuses the whole file for a row of any star: the job would fail, and its key, of the frame's own lines,
  /// would be the same when that row is mended.
  @Test func aFaultInTheRowOfAnotherStarIsWaitedFor() throws {
    for (row, fault) in [
      ("H,FS-107,", "row 6 has no magnitude: 'h,fs-107,'"), ("H,FS-107,bright", "row 6 has no magnitude"),
      ("H,FS-107,inf", "row 6 has no magnitude"), ("H,FS-107", "row 6 has 2 columns and the head 3"),
    ] {
      let broken = try #require(try stars(Self.list + "\n\(row)\n"))
      let sentence = try #require(broken.lacking([frame("HD 1160")]), "\(row)")
      #expect(sentence.hasPrefix("\(folder)/standards.csv, \(fault)"), "\(sentence)")
      #expect(broken.fingerprint(of: [frame("HD 1160")]) == (try whole()), "\(row)")
    }
  }

  private func whole() throws -> String {
    try #require(try stars(Self.list)).fingerprint(of: [frame("HD 1160")])
  }

  /// What the columns are called is part of what is said.
  @Test func columnsThatChangePlacesMakeAnotherZeroPoint() throws {
    let list = "name,filter,mag,err\nHD 1160,H,7.013,0.02\n"
    let prints = try [list, list.replacing("mag,err", with: "err,mag")].map {
      try #require(try stars($0)).fingerprint(of: [frame("HD 1160")])
    }
    #expect(prints[0] != prints[1])
  }

  @Test func aListThatIsNotThereOrCannotBeReadIsToldFromOneThatLacksAStar() throws {
    let stars = try #require(try stars(nil))
    #expect(stars.lacking([frame("HD 1160")])?.contains("there is no \(folder)/standards.csv") == true)
    try FileManager.default.createDirectory(
      atPath: folder + "/standards.csv", withIntermediateDirectories: false)
    let other = try #require(try self.stars(nil))
    #expect(other.lacking([frame("HD 1160")])?.contains("standards.csv cannot be read") == true)
    try FileManager.default.removeItem(atPath: folder + "/standards.csv")
    #expect(
      try #require(try self.stars("# nothing\n")).lacking([frame("x")])?.contains("no line of column") == true
    )
    #expect(
      try #require(try self.stars("name,filter,mag\n")).lacking([frame("x")])?.hasPrefix("nobody said")
        == true)
    #expect(
      try #require(try self.stars("star,mag\na,1\n")).lacking([frame("a")])?.contains("no column name")
        == true)
  }

  /// As the step reads it: one byte of another encoding in a remark spoils no line.
  @Test func bytesThatAreNoUTF8KeepNoStarFromBeingFound() throws {
    let latin = Data("# Max Sch\u{fc}tz\nname,mag\nHD 1160,7.013\n".unicodeScalars.map { UInt8($0.value) })
    #expect(String(data: latin, encoding: .utf8) == nil)
    try latin.write(to: URL(fileURLWithPath: folder + "/standards.csv"))
    #expect(try #require(try stars(nil)).lacking([frame("HD 1160")]) == nil)
  }

  @Test func aCfgThatSaysHowBrightItsStarsAreNeedsNoList() throws {
    #expect(try stars(Self.list, cfg: nil, "dark_current") == nil)
    let head = "name = \"create_photom\"\n[steps]\n  [[zero_point]]\n"
    #expect(try stars(Self.list, cfg: head + "    system = AB\n") != nil)
    #expect(try stars(Self.list, cfg: head + "    magnitude = None\n") != nil)
    for line in ["magnitude = 14.2", "catalog = /data/field.csv", "config_file = other.cfg"] {
      #expect(try stars(Self.list, cfg: head + "    \(line)\n") == nil, "\(line)")
    }
  }

  /// Whether it says how bright its stars are nobody knows: it does not count as one that does not.
  @Test func aCfgWithAFaultIsWaitedFor() throws {
    let broken = try #require(try stars(Self.list, cfg: "[steps]\n  [[zero_point]]\n    magnitude 14.2\n"))
    let sentence = try #require(broken.lacking([frame("HD 1160")]))
    #expect(
      sentence.hasPrefix("the cfg has a fault: ") && sentence.contains("create_photom.cfg:3"), "\(sentence)")
    try Data([0x23, 0xfc, 0x0a]).write(to: URL(fileURLWithPath: folder + "/create_photom.cfg"))
    let other = StandardStars(
      pipeline("zero_point"), path: folder + "/standards.csv", configuration: folder + "/create_photom.cfg")
    #expect(other?.lacking([frame("HD 1160")])?.contains("create_photom.cfg is not UTF-8 text") == true)
  }
}
