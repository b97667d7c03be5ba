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

  @Test func withoutAListEveryStarIsUnknown() throws {
    for list in [nil, "# nothing\n"] {
      let stars = try #require(try stars(list))
      #expect(stars.lacking([frame("HD 1160")]) != nil)
    }
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
}
