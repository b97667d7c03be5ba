import Foundation
import Testing

/// Associations by hand, through the program: what is wrong is said in a sentence, and nothing is half-written.
@Suite struct HandAssociationTests {
  private func refused(
    _ session: HandSession, _ association: String, exit: Int32, _ words: [String],
    _ place: SourceLocation = #_sourceLocation
  ) async throws {
    let run = try await session.tmtrun("imager_level2", association)
    #expect(run.exit == exit, sourceLocation: place)
    let error = run.talk.split(separator: "\n").first { $0.hasPrefix("error: ") } ?? ""
    for word in words { #expect(error.contains(word), "\(run.talk)", sourceLocation: place) }
    #expect(run.talk.contains("\nhint: "), sourceLocation: place)
    #expect(session.products == [], sourceLocation: place)
  }

  @Test func badOnesAreRefusedWithASentence() async throws {
    let session = try await HandSession("hand-asn")
    let none = try session.association([("sky_cal.fits", "background")], name: "none.json")
    try await refused(session, none, exit: 65, ["no member that imager_level2 reduces", "none.json"])
    let two = try session.association(
      [("sci_sci.fits", "science"), ("sky_cal.fits", "SCIENCE")], name: "two.json")
    try await refused(session, two, exit: 65, ["exactly one science member", "has 2", "two.json"])
    let absent = try session.association(
      [("gone1.fits", "science"), ("sky_cal.fits", "background"), ("gone2.fits", "background")],
      name: "absent.json")
    try await refused(
      session, absent, exit: 66,
      ["2 files are not there", session.path("gone1.fits"), session.path("gone2.fits")])
    let text = try session.write("text.json", "this is no JSON")
    try await refused(session, text, exit: 65, ["text.json", "neither a JWST association nor"])
    let kind = try session.write("kind.json", #"{"SCY": ["sci_sci.fits"]}"#)
    try await refused(session, kind, exit: 65, ["'SCY' is no kind of member"])
    let unused = try session.association([("sci_sci.fits", "scince")], name: "unused.json")
    let run = try await session.tmtrun("imager_level2", unused)
    #expect(
      run.exit == 65 && run.talk.contains("'scince' is no exptype, did you mean 'science'"), "\(run.talk)")
  }

  @Test func missingAssociationsAndMembersAreNamedTogether() async throws {
    let session = try await HandSession("hand-missing")
    let absent = try session.association([("gone.fits", "science")])
    let run = try await session.tmtrun("imager_level2", absent, session.path("other.json"))
    #expect(run.exit == 66)
    #expect(run.talk.contains(session.path("gone.fits")) && run.talk.contains(session.path("other.json")))
  }

  @Test func equalMembersCountOnceAndUnusedOnesAreSaid() async throws {
    let session = try await HandSession("hand-twice")
    let association = try session.association([
      ("sci_sci.fits", "science"), ("sky_cal.fits", "background"), ("sky_cal.fits", "background"),
      ("sci_sci.fits", "science"), ("nothing.fits", "imprint"), ("nothing2.fits", "guide"),
    ])
    let run = try await session.tmtrun("imager_level2", association)
    #expect(run.exit == 0, "\(run.talk)")
    #expect(run.talk.contains("sky_cal.fits is listed twice as background: taken once"))
    #expect(run.talk.contains("nothing.fits is not used: no pipeline takes the exptype 'imprint'"))
    #expect(run.talk.contains("nothing2.fits is not used: 'guide' is no exptype"))
    #expect(session.products == ["p_cal.fits"])
    let once = try session.association(
      [("sci_sci.fits", "science"), ("sky_cal.fits", "background")], name: "once.json")
    _ = try await session.tmtrun("imager_level2", once)
    let compared = try await Command.run(
      Programs.tmtrun,
      ["compare", session.path("out/p_cal.fits"), session.path("out/p_cal_v02.fits"), "--ignore", "ASNTABLE"])
    #expect(compared.exit == 0, "\(compared.out)")
  }

  @Test func theDictionaryFormMakesTheSameProduct() async throws {
    let session = try await HandSession("hand-dictionary")
    let jwst = try session.association([("sci_sci.fits", "science"), ("sky_cal.fits", "background")])
    let form = try session.write("form.json", #"{"SKY": ["sky_cal.fits"], "SCI": "sci_sci.fits"}"#)
    #expect(try await session.tmtrun("imager_level2", jwst, form).exit == 0)
    #expect(session.products == ["p_cal.fits", "sci_cal.fits"])
    #expect(
      try PixelSums.of(session.path("out/p_cal.fits")) == PixelSums.of(session.path("out/sci_cal.fits")))
  }

  @Test func aProductWithoutScienceDoesNotStopTheOthers() async throws {
    let session = try await HandSession("hand-some")
    let bad = try session.association([("sky_cal.fits", "background")], name: "bad.json")
    let good = try session.association([("sci_sci.fits", "science")], name: "good.json")
    let run = try await session.tmtrun("imager_level2", bad, good)
    #expect(run.exit == 5)
    #expect(session.products == ["p_cal.fits"])
  }
}
