import Archive
import CatalogStore
import Foundation
import Settings

/// One thing that was looked at.
struct Finding {
  enum State: String { case ok, warning, problem }

  var check: String
  var state: State
  var sentence: String
  var hint: String?

  init(_ check: String, _ state: State, _ sentence: String, hint: String? = nil) {
    self.check = check
    self.state = state
    self.sentence = sentence
    self.hint = hint
  }

  /// A check that could not be made is a problem of its own.
  init(_ check: String, failed error: any Error) {
    let told = error as? any ToldError
    self.init(check, .problem, told.map { "\($0.message) — \($0.subject)" } ?? "\(error)", hint: told?.hint)
  }
}

/// All checks of `doctor`; one that fails does not keep the others from being made.
struct Checkup {
  let root: String
  let options: RootOptions
  var selfTest = false

  func findings() async -> [Finding] {
    var findings = catalog()
    let settings: ArchiveSettings
    do {
      settings = try options.settings()
      findings.append(Finding("settings", .ok, "\(root)/\(ArchiveSettings.relativePath) is understood"))
    } catch {
      let untested = Finding("self-test", .problem, "not made: the settings are not understood")
      return findings + [Finding("settings", failed: error)] + hooks() + [
        MachineCheckup.clock(newest: newest())
      ] + (selfTest ? [untested] : [])
    }
    let layout = ArchiveLayout(root: root, settings: settings)
    let machine = MachineCheckup(layout: layout, reserveBytes: settings.diskReserveBytes)
    findings += machine.folders() + [machine.inotify(), machine.network(polls: settings.pollIntervalSeconds)]
    findings += machine.disks() + [machine.ballast(bytes: settings.diskBallastBytes)]
    findings.append(MachineCheckup.clock(newest: newest()))
    let rules = RulesCheckup(layout: layout, firstContext: settings.context, reader: try? options.reader())
    findings += rules.configuration() + rules.references() + hooks()
    let tmtrun = Programs.tmtrun(root: root, settings: settings)
    findings += await ProgramCheckup(path: tmtrun).findings()
    if selfTest {
      let test = SelfTest(
        tmtrun: tmtrun, simulator: Programs.ownFolder + "/irissim")
      findings.append(await test.finding())
    }
    return findings
  }

  private func catalog() -> [Finding] {
    do {
      let reader = try options.reader()
      let problems = try reader.integrityProblems()
      let pulse = DaemonPulse(root: root, fact: try reader.fact("daemon"))
      let daemon = Finding(
        "daemon", pulse.isDead ? .problem : pulse.isRunning == nil ? .warning : .ok, pulse.sentence,
        hint: pulse.isDead ? "irisarchive watch" : nil)
      let hint = "stop the daemon, then restore the newest backup with the commands of its README"
      let faults = problems.map { Finding("catalog", .problem, $0, hint: hint) }
      let sound = Finding("catalog", .ok, "sound, and of this program's schema")
      return (faults.isEmpty ? [sound] : faults) + writing(pulse) + [daemon]
    } catch {
      return [Finding("catalog", failed: error)]
    }
  }

  /// Whether the daemon can write to the catalog. (The clock has its own check.)
  private func writing(_ pulse: DaemonPulse) -> [Finding] {
    let path = root + "/catalog/catalog.sqlite"
    let concerns = CatalogCheckup(path: path, daemon: pulse.process).concerns(newest: nil, now: Clock.now)
    if concerns.isEmpty {
      return [
        Finding("catalog writing", .ok, "nobody holds it, it is not read-only, and its disk is not full")
      ]
    }
    return concerns.map { Finding("catalog writing", .problem, $0.reason, hint: $0.next) }
  }

  private func newest() -> Double? { (try? options.reader().newestRecord()) ?? nil }

  private func hooks() -> [Finding] {
    let folder = HookFolder(root: root)
    let faults = folder.faults()
    if faults.isEmpty { return [Finding("hooks", .ok, "\(folder.inspect().count) accepted, none refused")] }
    return faults.map {
      guard !$0.isSetting else {
        return Finding("hooks", .problem, $0.reason ?? "", hint: "mend or remove \($0.path)")
      }
      return Finding(
        "hooks", .problem, "\($0.event)/\($0.name) is refused: \($0.reason ?? "")",
        hint: "mend the owner or the mode, or take it away")
    }
  }
}
