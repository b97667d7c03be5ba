import CfgFormat
import Foundation
import Settings
import Testing

@Suite struct ArchiveSettingsTests {
  private func settings(
    _ text: String, environment: [String: String] = [:],
    flags: [SettingKey: (flag: String, value: String)] = [:]
  ) throws -> ArchiveSettings {
    try ArchiveSettings(text: text, path: "irisarchive.cfg", environment: environment, flags: flags)
  }

  @Test func theTemplateSaysTheBuiltInValues() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "config/irisarchive.cfg")
    let document = try CfgDocument(text: String(contentsOf: file, encoding: .utf8), path: "irisarchive.cfg")
    let template = try ArchiveSettings(document: document)
    let builtIn = ArchiveSettings()
    for (key, resolved) in builtIn.all {
      #expect(template[key].value == resolved.value, "\(key.rawValue)")
      #expect(template[key].text == resolved.text, "\(key.rawValue)")
      guard case .file = template[key].origin else {
        Issue.record("\(key.rawValue) is not in the template")
        continue
      }
    }
    #expect(document.root.sections.map(\.name) == SettingKey.sections)
    #expect(
      document.root.sections.flatMap { section in section.entries.map { "\(section.name).\($0.key)" } }
        == SettingKey.allCases.map(\.rawValue), "the template lists the settings in their order")
  }

  @Test func laterSourcesWinAndSaySo() throws {
    let text =
      "[jobs]\nmax_jobs = 3\nmemory = 2 GiB\n[rules]\ncontext = tmt_0002.pmap\n[folders]\nproducts = /big/p"
    let settings = try settings(
      text,
      environment: ["IRISARCHIVE_JOBS_MAX_JOBS": "5", "CRDS_CONTEXT": "tmt_0003.pmap", "CRDS_PATH": "/crds"],
      flags: [.pollInterval: ("--poll", "0.5")])
    #expect(settings.maxJobs(processors: 8) == 5)
    #expect(settings[.maxJobs].origin.description == "environment IRISARCHIVE_JOBS_MAX_JOBS")
    #expect(settings.jobMemoryBytes == 2_147_483_648)
    #expect(settings[.jobMemory].origin.description == "irisarchive.cfg:3")
    #expect(settings.context == "tmt_0003.pmap")
    #expect(settings[.context].origin == .environment("CRDS_CONTEXT"))
    #expect(settings.pollIntervalSeconds == 0.5)
    #expect(settings[.pollInterval].origin.description == "flag --poll")
    #expect(settings.productsFolder(root: "/archive") == "/big/p")
    #expect(settings.incomingFolder(root: "/archive") == "/archive/incoming")
    #expect(settings.rulesCache(root: "/archive/") == "/archive/crds")
    #expect(settings[.logLevel].origin.description == "built-in")
  }

  @Test func contextsOfOtherObservatoriesAreNotTaken() throws {
    #expect(try settings("", environment: ["CRDS_CONTEXT": "jwst_1293.pmap"]).context == "tmt_0001.pmap")
  }

  @Test func unitsAndDefaults() throws {
    let settings = try settings(
      "[associations]\nwait_scale = 0.5\n[intake]\ntruncated_after = 2 min\nignore = *.bak,")
    #expect(settings.truncatedAfterSeconds == 120)
    #expect(settings.ignoredNames == ["*.bak"])
    #expect(settings.skyWaitSeconds == 300)
    #expect(settings.quietSeconds(exposureSeconds: 10) == 150)
    #expect(settings.quietSeconds(exposureSeconds: 1000) == 1515)
    #expect(settings.longestWaitSeconds == 450)
    #expect(settings.nightTurnoverSeconds == 79_200)
    #expect(settings.pollIntervalSeconds == nil)
    #expect(settings.maxJobs(processors: 2) == 2)
    #expect(settings.tmtrunPath(root: "/a", programFolder: "/opt/iris/bin") == "/opt/iris/bin/tmtrun")
    #expect(ArchiveSettings().ignoredNames == [".*", "*.tmp", "*.part", "*~"])
  }

  @Test(arguments: [
    ("[jobs]\n\nmax_job = 3", "settings-unknown-key", "irisarchive.cfg:3", "did you mean 'max_jobs'?"),
    ("[job]\nmax_jobs = 3", "settings-unknown-section", "irisarchive.cfg:1", "did you mean 'jobs'?"),
    ("max_jobs = 3", "settings-unknown-key", "irisarchive.cfg:1", "it belongs to [jobs] max_jobs"),
    ("[hooks]\nreserve = 1 GB", "settings-unknown-key", "irisarchive.cfg:2", "it belongs to [disk]"),
    ("[jobs]\nmax_jobs = many", "settings-value", "irisarchive.cfg:2", "a whole number from 0 to 1024"),
    ("[jobs]\nmax_jobs = -1", "settings-value", "irisarchive.cfg:2", "a whole number from 0 to 1024"),
    (
      "[jobs]\nmemory = 4 Gib", "settings-value", "irisarchive.cfg:2",
      "a size such as '500 MB', '4 GiB' from 67108864 to 1000000000000000 byte"
    ),
    (
      "[intake]\ntruncated_after = soon", "settings-value", "irisarchive.cfg:2",
      "a time such as '90 s', '10 min', '1 h' from 0 to 31557600 s"
    ),
    (
      "[intake]\ntruncated_after = nan", "settings-value", "irisarchive.cfg:2",
      "a time such as '90 s', '10 min', '1 h' from 0 to 31557600 s"
    ),
    ("[log]\nlevel = inof", "settings-value", "irisarchive.cfg:2", "did you mean 'info'?"),
    ("[night]\nturnover = 24:00", "settings-value", "irisarchive.cfg:2", "a time of day such as '22:00'"),
    ("[rules]\ninsert_masters = maybe", "settings-value", "irisarchive.cfg:2", "true or false"),
    ("[jobs]\nmax_jobs = None", "settings-value", "irisarchive.cfg:2", "a whole number from 0 to 1024"),
    ("[jobs]\n\tmax_jobs = 3", "settings-syntax", "irisarchive.cfg:2", "replace the tab by spaces"),
    ("[jobs]\n[[limits]]\nx = 1", "settings-unknown-section", "irisarchive.cfg:2", ""),
  ])
  func faultsNameFileLineAndRemedy(text: String, code: String, subject: String, hint: String) {
    let error = #expect(throws: SettingsError.self) { try settings(text) }
    #expect(error?.code == code)
    #expect(error?.subject == subject)
    #expect(error?.hint ?? "" == hint)
  }

  @Test func faultsOfOtherSourcesNameThem() {
    let error = #expect(throws: SettingsError.self) {
      try settings("", environment: ["IRISARCHIVE_DISK_RESERVE": "lots"])
    }
    #expect(error?.subject == "environment IRISARCHIVE_DISK_RESERVE")
    let flag = #expect(throws: SettingsError.self) {
      try settings("", flags: [.pollInterval: ("--poll", "often")])
    }
    #expect(flag?.subject == "flag --poll")
  }
}
