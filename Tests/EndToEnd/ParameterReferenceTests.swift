import Foundation
import Testing

/// Parameters of a step that the rules choose (`pars-<step>`) reach the jobs of the archive.
@Suite struct ParameterReferenceTests {
  private static let rmap = """
    header = {
        'classes' : ('Match', 'UseAfter'),
        'derived_from' : 'NONE',
        'filekind' : 'PARS-BKG_SUBTRACT',
        'instrument' : 'IRIS',
        'mapping' : 'REFERENCE',
        'name' : 'tmt_iris_pars-bkg_subtract_0001.rmap',
        'observatory' : 'TMT',
        'parkey' : (('META.INSTRUMENT.DETECTOR',), ('META.OBSERVATION.DATE', 'META.OBSERVATION.TIME')),
    }

    selector = Match({
        ('IMG1',) : UseAfter({
            '2026-01-01 00:00:00' : 'tmt_iris_pars-bkg_subtract_0001.cfg',
        }),
    })

    """

  @Test func aJobTakesTheParametersOfItsContext() async throws {
    let archive = try await TestArchive(stem: "pars")
    let mappings = "crds/mappings/tmt/"
    let imap = archive.text(mappings + "tmt_iris_0001.imap").replacing(
      "selector = {", with: "selector = {\n    'PARS-BKG_SUBTRACT' : 'tmt_iris_pars-bkg_subtract_0001.rmap',")
    for (name, text) in [
      (mappings + "tmt_iris_0001.imap", imap), (mappings + "tmt_iris_pars-bkg_subtract_0001.rmap", Self.rmap),
      ("crds/references/tmt/iris/tmt_iris_pars-bkg_subtract_0001.cfg", "max_iterations = 7\nsigma = 9\n"),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: archive.root + "/" + name))
    }
    try archive.drop(await Frames.make("sci", "IMG1-SCI", ["--exptime", "10", "--start", Frames.start(1)]))
    #expect(try await archive.watchOnce().exit == 0)
    let product = try #require(try await archive.query("--obsname", "IMG1-SCI", "--level", "2").first)
    let answer = try await archive.irisarchive(
      "show", product.name, "--steps", "--provenance", "--format", "json")
    // The cfg that is laid down sets sigma itself, and is the stronger.
    let parameters = answer.out.split(separator: "\n").map { $0.replacing(" ", with: "") }.joined()
    // Each value with its place: file and line.
    #expect(parameters.contains(/"max_iterations":\{"origin":"reference","place":"[^"]*:1","value":"7"\}/))
    #expect(
      parameters.contains(/"sigma":\{"origin":"cfg","place":"[^"]*imager_level2.cfg:\d+","value":"3"\}/))
    #expect(parameters.contains("tmt_iris_pars-bkg_subtract_0001.cfg"))
    #expect(product.degraded?.contains("pars") != true)
  }
}
