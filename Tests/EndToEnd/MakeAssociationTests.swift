import Foundation
import Testing

/// `tmtrun make-asn`: associations of files by the archive's rules.
@Suite struct MakeAssociationTests {
  private struct Association: Decodable {
    struct Product: Decodable {
      struct Member: Decodable, Equatable {
        var expname: String
        var exptype: String
      }
      var name: String
      var members: [Member]
    }
    var rule: String
    var degraded: String
    var products: [Product]

    enum CodingKeys: String, CodingKey {
      case rule = "asn_rule"
      case degraded = "degraded_status"
      case products
    }
  }

  private func read(_ path: String) throws -> Association {
    try JSONDecoder().decode(Association.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func make(_ session: HandSession, _ arguments: [String]) async throws -> CommandResult {
    try await Command.run(Programs.tmtrun, ["make-asn"] + arguments)
  }

  @Test func scienceGetsItsSkyAndTheRestIsExplained() async throws {
    let session = try await HandSession("make-asn")
    let other = try await session.frame("IMG1-SKY", "other_cal.fits", minute: 6, options: ["--filter", "J"])
    let flat = try await session.frame("IMG1-NFF", "flat_cal.fits", minute: 7)
    let output = session.path("asn.json")
    let files = [session.path("sky_cal.fits"), flat, session.path("sci_sci.fits"), other]
    let run = try await make(session, files + ["--rule", "imager-level2", "-o", output])
    #expect(run.exit == 0, "\(run.talk)")
    #expect(
      run.lines == ["association\tproduct\trule\tmembers\tdegraded", "\(output)\tsci\timager-level2\t2\t"])
    #expect(run.talk.contains("not used: other_cal.fits — filter: J is not H"))
    #expect(run.talk.contains("not used: flat_cal.fits — obsname: IMG1-NFF is not IMG?-SCI"))
    let association = try read(output)
    #expect(association.rule == "imager-level2")
    #expect(association.degraded == "No known degraded exposures in association.")
    #expect(association.products.map(\.name) == ["sci"])
    #expect(
      association.products[0].members == [
        .init(expname: "sci_sci.fits", exptype: "science"),
        .init(expname: "sky_cal.fits", exptype: "background"),
      ])
    #expect(try await session.tmtrun("imager_level2", output).exit == 0)
    #expect(session.products == ["sci_cal.fits"])
  }

  @Test func nothingIsReplacedUnasked() async throws {
    let session = try await HandSession("make-asn-twice")
    let output = try session.write("asn.json", "mine")
    let arguments = [session.path("sci_sci.fits"), "--rule", "imager-level2", "-o", output]
    let refused = try await make(session, arguments)
    #expect(refused.exit == 1 && refused.talk.contains("hint: --replace"))
    #expect(try String(contentsOfFile: output, encoding: .utf8) == "mine")
    #expect(try await make(session, arguments + ["--replace", "--product-name", "mine"]).exit == 0)
    let association = try read(output)
    #expect(association.products.map(\.name) == ["mine"])
    #expect(association.degraded == "no sky: no sky of this configuration")
  }

  @Test func severalGetNumbersAndRulesOfAFolderAreTaken() async throws {
    let session = try await HandSession("make-asn-several")
    try await session.frame("IMG1-SCI", "next_sci.fits", minute: 2)
    let files = [session.path("sci_sci.fits"), session.path("next_sci.fits")]
    let plain = try await make(
      session, files + ["--rule", "DMS_Level2_Base", "--product-name", "p", "-o", session.path("l2.json")])
    #expect(plain.exit == 0)
    #expect(try read(session.path("l2_01.json")).products.map(\.name) == ["p-01"])
    #expect(try read(session.path("l2_02.json")).products.map(\.name) == ["p-02"])
    try FileManager.default.createDirectory(atPath: session.path("rules"), withIntermediateDirectories: true)
    try session.write(
      "rules/mine.yaml",
      """
      rule: mine
      summary: all science of one filter
      pipeline: imager_level2
      gathers:
        exptype: science
        select: { obsname: ["IMG?-SCI"] }
        equal: [filter]
      sequence: { position: dither, count: dithers }
      minimum: 2
      """)
    let own = try await make(
      session, files + ["--rules", session.path("rules"), "--rule", "mine", "-o", session.path("own.json")])
    #expect(own.exit == 0, "\(own.talk)")
    #expect(
      try read(session.path("own.json")).products[0].members.map(\.expname) == [
        "sci_sci.fits", "next_sci.fits",
      ])
    let unknown = try await make(
      session, files + ["--rules", session.path("rules"), "--rule", "mime", "-o", session.path("x.json")])
    #expect(unknown.exit == 64 && unknown.talk.contains("did you mean 'mine'?"), "\(unknown.talk)")
  }

  @Test func tooFewDarksAreNoMaster() async throws {
    let session = try await HandSession("make-asn-darks")
    var darks: [String] = []
    for index in 1...5 {
      darks.append(
        try await session.frame(
          "IMG1-DRK", "d\(index)_cal.fits", minute: index, options: ["--frame", "\(index)/5"]))
    }
    let few = try await make(
      session, darks.prefix(2) + ["--rule", "master-dark", "-o", session.path("few.json")])
    #expect(few.exit == 3)
    #expect(few.talk.contains("count: 2 of at least 3 frames for master-dark (5 declared)"), "\(few.talk)")
    #expect(!FileManager.default.fileExists(atPath: session.path("few.json")))
    let all = try await make(session, darks + ["--rule", "master-dark", "-o", session.path("all.json")])
    #expect(all.exit == 0)
    #expect(try await session.tmtrun("create_dark", session.path("all.json")).exit == 0)
    #expect(session.products == ["d1_dark.fits"])
  }

  @Test func rampsAreToldFromFramesAndHeldFilesAreKeptOut() async throws {
    let session = try await HandSession("make-asn-ramp")
    let ramp = try await session.frame("IMG1-SCI", "ramp.fits", minute: 8, options: ["--level", "0"])
    var editor = try FITSEditor(session.path("sky_cal.fits"))
    editor.set("DETECTOR", "'XYZ9'")
    try editor.data.write(to: URL(fileURLWithPath: session.path("strange.fits")))
    let files = [ramp, session.path("sci_sci.fits"), session.path("strange.fits")]
    let run = try await make(session, files + ["--rule", "level1-ramp", "-o", session.path("asn.json")])
    #expect(run.exit == 0, "\(run.talk)")
    #expect(run.talk.contains("not used: strange.fits — state: "), "\(run.talk)")
    #expect(run.talk.contains("not used: sci_sci.fits — kind: "), "\(run.talk)")
    #expect(try read(session.path("asn.json")).products[0].members.map(\.expname) == ["ramp.fits"])
    #expect(try await session.tmtrun("readout", session.path("asn.json")).exit == 0)
    #expect(session.products == ["ramp_rate.fits"])
  }
}
