import Foundation
import Testing

/// Science that comes first is useful at once and gets better by itself as sky and calibrations follow.
@Suite struct LateCalibrationTests {
  @Test func aProductIsMadeAgainAsItsSkyAndCalibrationsCome() async throws {
    let night = try await SimulatedNight.seed7.value
    let archive = try await TestArchive(stem: "late")
    try archive.logEvents("product-superseded")
    let daemon = try await Daemon(archive)
    var files = 0
    func drop(_ chosen: [SimulatedNight.File]) async throws {
      for file in chosen { try archive.drop(night.path(file), as: file.file) }
      files += chosen.count
      try await archive.waitForRest(files: files)
    }
    func science() async throws -> [Row] {
      try await archive.query("--all", "--obsname", "IMG1-SCI", "--level", "2").sorted {
        ($0.version ?? 0) < ($1.version ?? 0)
      }
    }

    try await drop(Array(night.files("IMG1-SCI").filter { $0.level == 1 }.prefix(1)))
    let alone = try await science()
    #expect(alone.map(\.state) == ["current"])
    for word in ["sky", "dark", "flat"] { #expect(alone.first?.degraded?.contains(word) == true, "\(word)") }

    try await drop(night.files("IMG1-SKY"))
    let withSky = try await science()
    #expect(withSky.map(\.state) == ["superseded", "current"])
    #expect(withSky.last?.degraded?.contains("no sky") == false)

    let darks = night.files("IMG1-DRK")
    try await drop(Array(darks.suffix(5)))
    let withDark = try await science()
    #expect(withDark.last?.degraded?.contains("no dark") == false)
    #expect(withDark.last?.degraded?.contains("no flat") == true)

    try await drop(Array(darks.prefix(5)) + night.files("IMG1-NFF"))
    let final = try await science()
    #expect(final.last?.state == "current")
    #expect(final.last?.degraded == nil, "\(final.last?.degraded ?? "")")
    #expect(final.filter { $0.state == "current" }.count == 1)
    #expect(final.dropLast().allSatisfy { $0.state == "superseded" && $0.reason?.isEmpty == false })
    #expect(final.compactMap(\.version) == Array(1...final.count))
    #expect(final.last?.name.hasSuffix("_v0\(final.count).fits") == true)
    #expect(final.allSatisfy { FileManager.default.fileExists(atPath: $0.path ?? "") })
    #expect(try await daemon.stop() == 0)

    let told = archive.text("logs/events.log").split(separator: "\n").map { $0.split(separator: " ")[2] }
    #expect(told.map(String.init) == final.dropLast().map(\.name))
    let other = try await archive.jobs().filter { $0.state != "done" && $0.state != "cancelled" }
    #expect(other == [])
  }
}
