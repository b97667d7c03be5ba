import CfgFormat
import Testing

@Suite struct CfgDocumentTests {
  static let stage2 = """
    # the documented session
    name = "Image2Pipeline"   # kept
    class = iris_pipeline.pipeline.Image2Pipeline
    save_results = True

    [steps]
        [[bkg_subtract]]
          skip = None
        [[flat_field]]
          config_file = 'flat_field.cfg'
          wavelengths = 1.2, "2,3", 4
          [[[ deeper still ]]]
            one = a,
            none = ,
            empty =
      [[resample]]  # off
          skip = True
    [other]
    x = 1
    # the end
    """

  @Test func nestingValuesAndLines() throws {
    let root = try CfgDocument(text: Self.stage2, path: "image2_iris.cfg").root
    #expect(root["name"] == .string("Image2Pipeline"))
    #expect(root.entry("name")?.inlineComment == "# kept")
    #expect(root.entry("name")?.leadingComments == ["# the documented session"])
    #expect(root.entry("save_results")?.line == 4)
    let steps = try #require(root.section("steps"))
    #expect(steps.sections.map(\.name) == ["bkg_subtract", "flat_field", "resample"])
    #expect(steps.section("bkg_subtract")?["skip"] == CfgValue.none)
    let flat = try #require(root.section(at: ["steps", "flat_field"]))
    #expect(flat["config_file"] == .string("flat_field.cfg"))
    #expect(flat["wavelengths"] == .list(["1.2", "2,3", "4"]))
    let deep = try #require(root.section(at: ["steps", "flat_field", "deeper still"]))
    #expect(deep["one"] == .list(["a"]))
    #expect(deep["none"] == .list([]))
    #expect(deep["empty"] == .string(""))
    #expect(deep.path == ["steps", "flat_field", "deeper still"])
    #expect(root.section("other")?.line == 18)
  }

  @Test func textGoesRoundWithItsComments() throws {
    let first = try CfgDocument(text: Self.stage2, path: "a.cfg")
    let second = try CfgDocument(text: first.text, path: "a.cfg")
    #expect(second.text == first.text)
    #expect(first.text.contains("[[resample]]  # off"))
    #expect(first.text.hasSuffix("# the end\n"))
    #expect(second.root.section(at: ["steps", "flat_field"])?["wavelengths"] == .list(["1.2", "2,3", "4"]))
  }

  @Test(arguments: [
    ("a = 'it # is'", "it # is"), ("a = \"it's\"", "it's"), ("a = b # c", "b"), ("a = b#c", "b"),
    ("a = 'None'", "None"), ("'a' = x = y", "x = y"), ("a = '''one\ntwo, three'''  # c", "one\ntwo, three"),
    ("a=\"\"\"x\"\"\"", "x"), ("a = it's", "it's"), ("a = 'a\tb'", "a\tb"),
  ])
  func quoting(text: String, value: String) throws {
    let document = try CfgDocument(text: text, path: "q.cfg")
    #expect(document.root["a"] == .string(value))
    #expect(try CfgDocument(text: document.text, path: "q.cfg").root["a"] == .string(value))
  }

  @Test(arguments: [
    ("a = 1\n\tb = 2", "cfg-tab", 2), ("a\t= 1", "cfg-tab", 1), ("a =\t1", "cfg-tab", 1),
    ("[s]\na = 1\n[s]", "cfg-duplicate-section", 3), ("a = 1\nb = 2\na = 3", "cfg-duplicate-key", 3),
    ("[s]\n[[[t]]]", "cfg-nesting", 2), ("[s]]", "cfg-syntax", 1), ("[]", "cfg-syntax", 1),
    ("just words", "cfg-syntax", 1), ("a = 'open", "cfg-quote", 1), ("\na = '''open\nstill", "cfg-quote", 2),
    ("a = 'x' y", "cfg-syntax", 1), ("a = 1,,2", "cfg-syntax", 1), ("[s]\n= 3", "cfg-syntax", 2),
    ("# c\n[a] b", "cfg-syntax", 2),
  ])
  func faultsNameFileAndLine(text: String, code: String, line: Int) {
    let error = #expect(throws: CfgError.self) { try CfgDocument(text: text, path: "bad.cfg") }
    #expect(error?.code == code)
    #expect(error?.line == line)
    #expect(error?.subject == "bad.cfg:\(line)")
  }

  @Test func depthIsBounded() {
    let text = (1...40).map { String(repeating: "[", count: $0) + "s" + String(repeating: "]", count: $0) }
    let error = #expect(throws: CfgError.self) {
      try CfgDocument(text: text.joined(separator: "\n"), path: "deep.cfg")
    }
    #expect(error?.line == CfgDocument.maximumDepth + 1)
  }
}

@Suite struct NearMatchesTests {
  static let steps = ["dark_current", "flat_field", "bkg_subtract", "dq_init", "normalize"]

  @Test func typosFindTheirWord() {
    #expect(nearMatches(of: "dark_curent", in: Self.steps) == ["dark_current"])
    #expect(nearMatches(of: "falt_field", in: Self.steps) == ["flat_field"])
    #expect(nearMatches(of: "DQ_INIT", in: Self.steps) == ["dq_init"])
    #expect(nearMatches(of: "flat", in: Self.steps) == ["flat_field"])
    #expect(nearMatches(of: "resample", in: Self.steps).isEmpty)
    #expect(nearMatchHint(of: "normalise", in: Self.steps) == "did you mean 'normalize'?")
  }
}
