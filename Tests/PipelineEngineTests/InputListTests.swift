import Foundation
import PipelineEngine
import Testing

@Suite struct InputListTests {
  @Test func jwstAssociationsAreReadBesideTheirFile() throws {
    let folder = try TestFolder()
    try folder.write("data/sci.fits", "")
    try folder.write("data/sky.fits", "")
    let path = try folder.write(
      "data/asn.json",
      """
      {"asn_rule": "Asn_Lv2Image", "asn_pool": "pool", "asn_type": "image2", "products": [{"name": "test_flat",
       "members": [{"expname": "sky.fits", "exptype": "background"}, {"expname": "sci.fits", "exptype": "science"}]}]}
      """)
    let list = try InputList(arguments: [path], intake: .exposure)
    #expect(list.groups.count == 1)
    #expect(list.groups[0].product == "test_flat")
    #expect(list.groups[0].members.map(\.name) == ["sci.fits", "sky.fits"])
    #expect(list.groups[0].members[0].path == folder.path + "/data/sci.fits")
    #expect(list.groups[0].table == "asn.json")
    #expect(list.groups[0].pool == "pool")
  }

  @Test func theNewerDictionaryFormIsRead() throws {
    let folder = try TestFolder()
    for name in ["a.fits", "b.fits"] { try folder.write(name, "") }
    let path = try folder.write("asn.json", #"{"SKY": ["b.fits"], "SCI": ["a.fits"]}"#)
    let members = try InputList(arguments: [path], intake: .exposure).groups[0].members
    #expect(members.map(\.exptype) == [.science, .background])
  }

  @Test func everyMissingMemberIsNamedAtOnce() throws {
    let folder = try TestFolder()
    let path = try folder.write("asn.json", #"{"SKY": ["b.fits", "c.fits"], "SCI": ["a.fits"]}"#)
    let error = #expect(throws: EngineError.self) { try InputList(arguments: [path], intake: .exposure) }
    #expect(error?.code == "input-missing")
    for name in ["a.fits", "b.fits", "c.fits"] { #expect(error?.subject.contains(name) == true) }
    #expect(ExitCode(code: "input-missing") == .inputMissing)
  }

  @Test(arguments: [
    "{", "[]", #"{"products": []}"#, #"{"XYZ": ["a.fits"]}"#,
    #"{"products": [{"name": "a", "members": []}]}"#,
  ])
  func associationsThatSayNothingAreRefused(_ text: String) throws {
    let folder = try TestFolder()
    let path = try folder.write("asn.json", text)
    let error = #expect(throws: EngineError.self) { try InputList(arguments: [path], intake: .exposure) }
    #expect(error?.code == "bad-association")
  }

  @Test func whatIsWrongInAnAssociationIsNamedWithItsPlace() throws {
    let folder = try TestFolder()
    let path = try folder.write(
      "asn.json",
      #"{"products": [{"name": "a", "members": [{"expname": "s.fits", "exptype": "science"}, {"expname": "b.fits"}]}]}"#
    )
    let error = #expect(throws: EngineError.self) { try InputList(arguments: [path], intake: .exposure) }
    #expect(error?.message.contains("products[0].members[1].exptype is missing") == true)
  }

  @Test func codesEndWithTheirExitCodes() {
    #expect(ExitCode(code: "output-folder") == .failed)
    #expect(ExitCode(code: "out-of-memory") == .temporary)
  }

  @Test func filesMakeOneGroupEachOrOneInAll() throws {
    let folder = try TestFolder()
    let files = try ["a.fits", "b.fits"].map { try folder.write($0, "") }
    #expect(try InputList(arguments: files, intake: .exposure).groups.count == 2)
    #expect(try InputList(arguments: files, intake: .set).groups.map(\.members.count) == [2])
  }
}
