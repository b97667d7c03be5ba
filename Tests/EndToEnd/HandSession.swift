import Foundation

/// A folder for `tmtrun` by hand, with one science frame and one sky of `irissim` in it.
struct HandSession {
  let folder: String

  init(_ stem: String) async throws {
    folder = Workspace.name(stem)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try await frame("IMG1-SCI", "sci_sci.fits", minute: 0)
    try await frame("IMG1-SKY", "sky_cal.fits", minute: 5)
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  @discardableResult
  func frame(_ obsname: String, _ name: String, minute: Int, options: [String] = []) async throws -> String {
    let start = "2026-07-15T09:\(minute < 10 ? "0" : "")\(minute):00"
    try await Command.succeed(
      Programs.irissim,
      ["frame", "--obsname", obsname, "--start", start, "--exptime", "20", "--detector-size", "32"]
        + ["--expnum", "\(minute + 1)"] + options + ["-o", path(name)])
    return path(name)
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    return path(name)
  }

  /// A JWST association of one product with (expname, exptype) members.
  func association(_ members: [(String, String)], name: String = "asn.json") throws -> String {
    let list = members.map { #"{"expname": "\#($0.0)", "exptype": "\#($0.1)"}"# }.joined(separator: ", ")
    return try write(
      name, #"{"asn_rule": "Asn_Lv2Image", "products": [{"name": "p", "members": [\#(list)]}]}"#)
  }

  /// `tmtrun` with products into `out`; without a cache in the environment it finds the rules of the checkout.
  func tmtrun(_ arguments: String..., environment: [String: String] = [:]) async throws -> CommandResult {
    try await Command.run(
      Programs.tmtrun, arguments + ["-o", path("out")], environment: environment)
  }

  /// Everything in `out` but previews, temporary files too.
  var products: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path("out"))) ?? [])
      .filter { !$0.hasSuffix(".png") }.sorted()
  }
}
