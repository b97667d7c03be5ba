import Foundation
import Testing

/// One archive into which everything bad was dropped between five good darks, with the daemon watching.
struct BadNight: Sendable {
  /// A bad file and what is to become of it.
  struct Item: Sendable, CustomTestStringConvertible {
    var name: String
    var state: String
    /// Words that the reason must have, in any case of letters.
    var words: [String]

    init(_ name: String, _ state: String, _ words: String...) {
      self.name = name
      self.state = state
      self.words = words
    }

    var testDescription: String { "\(name) is \(state)" }
  }

  static let items = [
    Item("empty.fits", "quarantined", "empty"),
    Item("text.fits", "quarantined", "not FITS"),
    Item("cut-in-header.fits", "quarantined", "truncated", "header"),
    Item("cut-in-data.fits", "quarantined", "truncated", "data"),
    Item("bad-checksum.fits", "quarantined", "DATASUM"),
    Item("exptime-nan.fits", "quarantined", "EXPTIME"),
    Item("exptime-negative.fits", "quarantined", "EXPTIME"),
    Item("no-class.fits", "held", "OBSNAME"),
    Item("wrong-class.fits", "held", "OBSTYPE", "contradict"),
    Item("wrong-detector.fits", "held", "DETECTOR", "contradict"),
    Item("unknown-detector.fits", "held", "DETECTOR", "IMG9"),
  ]

  /// Names that a shell, a URL or CFITSIO would stumble over; the content is good.
  static let names = [
    "it's \"quoted\".fits", "two\nlines.fits", "a\ttab.fits", "im[1:10,*].fits", "a;b&c|d.fits",
    "$(touch pwned) `x`.fits",
    "%2e%2e%2f.fits", "-rf.fits", "späte Nacht.fits",
  ]

  let archive: TestArchive
  let daemon: Daemon
  /// What was dropped: path -> bytes.
  let dropped: [String: Data]
  let rows: [Row]

  private static let shared = Task { try await BadNight() }

  static func played() async throws -> BadNight { try await shared.value }

  func row(_ name: String) throws -> Row {
    let found = rows.filter { $0.origin == "raw" && $0.name == name }
    try #require(found.count == 1, "\(found.count) rows of \(name)")
    return found[0]
  }

  private init() async throws {
    archive = try await TestArchive(
      ["intake": ["truncated_after": "1 s", "reconcile_interval": "1 s"]], stem: "bad")
    daemon = try await Daemon(archive)
    var dropped: [String: Data] = [:]
    let darks = try await Frames.darks(5)
    let telluric = try await Frames.make("telluric", "IMG1-TEL", ["--exptime", "10", "--readmode", "CDS"])
    for dark in darks.prefix(3) { dropped[try archive.drop(dark)] = try Self.bytes(dark) }
    for (name, data) in try Self.bad(from: telluric) + Self.hostile(from: telluric) {
      dropped[try archive.drop(data, as: "20260715/raw/\(name)")] = data
    }
    try archive.makeFolder("\(archive.incoming)/20260715/folder.fits")
    try FileManager.default.createSymbolicLink(
      atPath: "\(archive.incoming)/20260715/dangling.fits", withDestinationPath: "/nowhere/at/all.fits")
    try FileManager.default.createSymbolicLink(
      atPath: "\(archive.incoming)/20260715/link.fits", withDestinationPath: telluric)
    for dark in darks.suffix(2) { dropped[try archive.drop(dark)] = try Self.bytes(dark) }
    let science = try await Self.hostileScience()
    dropped[try archive.drop(science, as: "science.fits")] = science
    try await archive.waitForRest(files: dropped.count)
    self.dropped = dropped
    rows = try await archive.query("--all")
  }

  private static func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private static func bad(from good: String) throws -> [(String, Data)] {
    func edited(_ name: String, _ edit: (inout FITSEditor) -> Void) throws -> (String, Data) {
      var editor = try FITSEditor(good)
      editor.set("OBJECT", "'\(name)'")
      edit(&editor)
      return (name, editor.data)
    }
    let whole = try bytes(good)
    var flipped = whole
    flipped[whole.count - 4 * FITSEditor.block] ^= 0x55
    return [
      ("empty.fits", Data()), ("text.fits", Data("SIMPLE is not what this is\n".utf8)),
      ("cut-in-header.fits", whole.prefix(1000)),
      ("cut-in-data.fits", whole.prefix(whole.count - 2 * FITSEditor.block - 100)),
      ("bad-checksum.fits", flipped),
      try edited("exptime-nan.fits") { $0.set("EXPTIME", "NaN") },
      try edited("exptime-negative.fits") { $0.set("EXPTIME", "-5.0") },
      try edited("no-class.fits") { $0.remove("OBSTYPE", "OBSNAME", "IMTYPE") },
      try edited("wrong-class.fits") { $0.set("OBSTYPE", "'SCI'") },
      try edited("wrong-detector.fits") { $0.set("DETECTOR", "'IFU'") },
      try edited("unknown-detector.fits") { $0.set("DETECTOR", "'IMG9'") },
    ]
  }

  private static func hostile(from good: String) throws -> [(String, Data)] {
    try names.enumerated().map { index, name in
      var editor = try FITSEditor(good)
      editor.set("OBJECT", "'hostile name \(index)'")
      return (name, editor.data)
    }
  }

  /// A good science frame whose header would like to be a path and a statement.
  private static func hostileScience() async throws -> Data {
    var editor = try FITSEditor(
      try await Frames.make(
        "science", "IMG1-SCI", ["--exptime", "10", "--readmode", "CDS", "--start", Frames.start(30)]))
    editor.set("OBJECT", "'''; DROP TABLE frame; --'")
    editor.set("PROGRAM", "'../../../../etc'")
    editor.set("SEMID", "'../..'")
    editor.set("OBSERVTN", "'$(reboot)'")
    return editor.data
  }
}
