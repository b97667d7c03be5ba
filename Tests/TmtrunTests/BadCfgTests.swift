import Foundation
import Testing

/// A cfg that is not right ends the run with a sentence, its place and a hint, before anything is written.
@Suite struct BadCfgTests {
  @Test(arguments: [
    ("class = imager_level2\n[steps]\n\t[[dark_current]]\n", "bad.cfg:3", "a tab", "replace the tab"),
    (
      "class = imager_level2\n[steps]\n[[dark_current]]\nskip\t= True\n", "bad.cfg:4", "a tab",
      "replace the tab"
    ),
    (
      "class = imager_level2\n[steps]\n[[dark_current]]\n[[flat_field]]\n[[dark_current]]\n", "bad.cfg:5",
      "there already, in line 3", "one section"
    ),
    ("class = imager_level2\nclass = x\n", "bad.cfg:2", "value already, in line 1", "keep one"),
    ("class = imager_level2\n[steps]\n[[[deep]]]\n", "bad.cfg:3", "nested 3 deep", "[["),
    ("class = 'imager_level2\n", "bad.cfg:1", "no closing '", "close the quote"),
    (
      "class = imager_level2\n[steps]\n[[flat_field]]\nconfig_file = one.cfg\n", "one.cfg:1",
      "bad.cfg -> one.cfg -> bad.cfg", "remove one"
    ),
    ("class = imager_level2\nconfig_file = ./bad.cfg\n", "bad.cfg:2", "circle", "remove one"),
    (
      "class = imager_level2\n[steps]\n[[flat_field]]\nconfig_file = two.cfg\n", "two.cfg:2",
      "no parameter 'flat_sufix'", "did you mean 'flat_suffix'?"
    ),
    (
      "class = imager_level2\n[steps]\n[[flat_field]]\n[[[inner]]]\n", "bad.cfg:4", "no steps of its own",
      "describe flat_field"
    ),
    (
      "class = imager_level2\n[steps]\n[[dark_current]]\npre_hooks = gone.sh\n", "bad.cfg:4", "no hook",
      "executable"
    ),
    (
      "class = imager_level2\n[steps]\n[[dark_current]]\npre_hooks = one.cfg\n", "bad.cfg:4", "no executable",
      "chmod"
    ),
    (
      "class = imager_level2\n[steps]\n[[dark_current]]\nhooks_timeout = soon\n", "bad.cfg:4", "no time-out",
      "seconds"
    ),
    ("class = imager_level2\nconfig_file = gone.cfg\n", "bad.cfg:2", "which is not there", ""),
  ])
  func badCfgsAreRefused(_ text: String, place: String, words: String, hint: String) async throws {
    let bench = try Workbench()
    try bench.frames()
    try bench.write("bad.cfg", text)
    try bench.write("one.cfg", "config_file = bad.cfg\n")
    try bench.write("two.cfg", "name = x\nflat_sufix = 1\n")
    let run = try await bench.run("bad.cfg", "asn.json")
    let lines = run.talk.split(separator: "\n").map(String.init)
    #expect(run.code == (words.contains("not there") ? 66 : 65), "\(run.talk)")
    #expect(lines.first?.hasPrefix("error: ") == true && lines.first?.contains(words) == true, "\(run.talk)")
    #expect(lines.first?.hasSuffix("— " + place) == true, "\(run.talk)")
    if !hint.isEmpty { #expect(lines.dropFirst().first?.contains(hint) == true, "\(run.talk)") }
    #expect(try bench.products() == ["a_sci.fits", "dark.fits", "sky.fits"])
    #expect(run.output.isEmpty)
  }

  @Test func whatIsNoTextIsRefused() async throws {
    let bench = try Workbench()
    try bench.frames()
    try Data([0xFF, 0xFE, 0x00, 0x61]).write(to: URL(fileURLWithPath: bench.path + "/utf16.cfg"))
    let run = try await bench.run("utf16.cfg", "asn.json")
    #expect(run.code == 65 && run.talk.contains("UTF-8"))
    try bench.write("device.cfg", "class = imager_level2\nconfig_file = /dev/zero\n")
    let device = try await bench.run("device.cfg", "asn.json")
    #expect(device.code == 66 && device.talk.contains("/dev/zero"), "\(device.talk)")
  }
}
