import Foundation
import Glibc
import Subprocess

extension ProgramRun {
  /// Refuses what `exec` would refuse later and less clearly.
  func validate() throws(ChildProcessError) {
    guard executable.hasPrefix("/") else {
      throw ChildProcessError(
        code: "executable-not-absolute", message: "a program is named by its absolute path",
        subject: executable)
    }
    var status = stat()
    guard stat(executable, &status) == 0 else {
      throw ChildProcessError(
        code: "executable-not-found", message: "no such program: \(errnoText())", subject: executable)
    }
    guard status.st_mode & S_IFMT == S_IFREG, access(executable, X_OK) == 0 else {
      throw ChildProcessError(
        code: "executable-not-runnable", message: "not an executable file", subject: executable,
        hint: "chmod +x \(executable)")
    }
    if let workingDirectory, !isFolder(workingDirectory) {
      throw ChildProcessError(
        code: "working-directory", message: "no folder to start in", subject: workingDirectory)
    }
    for (key, value) in environment where !isValid(key: key, value: value) {
      throw ChildProcessError(
        code: "environment-invalid", message: "not the name and value of an environment variable",
        subject: key)
    }
  }

  /// Starts the program and watches it to its end in a task of its own, which a cancellation of the caller's task
  /// reaches only through `cancelled` (readable, at end of file, then): Subprocess itself would kill the leader at once and leave the group.
  func launch(
    channels: Channels, cancelled: Descriptor
  ) async -> Result<ProgramEnd, ChildProcessError> {
    let task = Task { () async throws -> ProgramEnd in
      let result = try await Subprocess.run(
        configuration,
        input: .fileDescriptor(
          .init(rawValue: channels.childInput.rawValue), closeAfterSpawningProcess: false),
        output: .fileDescriptor(
          .init(rawValue: channels.childOutput.rawValue), closeAfterSpawningProcess: false),
        error: .fileDescriptor(
          .init(rawValue: channels.childError.rawValue), closeAfterSpawningProcess: false)
      ) { execution in
        channels.closeChildEnds()
        started?(execution.processIdentifier.value)
        return await watch(
          pid: execution.processIdentifier.value, descriptor: execution.processIdentifier.processDescriptor,
          channels: channels, cancelled: cancelled)
      }
      return ProgramEnd(
        status: result.terminationStatus, watched: result.closureResult,
        pid: result.processIdentifier.value)
    }
    return await task.result.mapError { error in
      ChildProcessError(
        code: "spawn-failed", message: "could not be started: \(error)", subject: executable,
        underlying: error)
    }
  }

  /// The group is the child's own, and limits are set by `prlimit`, which then becomes the program (same pid).
  private var configuration: Configuration {
    var options = PlatformOptions()
    options.processGroupID = 0
    let prefix = limits.commandPrefix
    let words = prefix + [executable] + arguments
    return Configuration(
      executable: .path(.init(words[0])), arguments: Arguments(Array(words.dropFirst())),
      environment: .custom(
        Dictionary(
          uniqueKeysWithValues: environment.compactMap { pair in
            Environment.Key(rawValue: pair.key).map { ($0, pair.value) }
          })),
      workingDirectory: workingDirectory.map { .init($0) }, platformOptions: options)
  }

  private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private func isValid(key: String, value: String) -> Bool {
    guard let first = key.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
      return false
    }
    return !key.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "=") } && !value.utf8.contains(0)
  }
}

extension ProgramEnd {
  fileprivate init(status: TerminationStatus, watched: Watched, pid: Int32) {
    let own: Cause =
      switch status {
      case .exited(let code): .exited(code)
      case .signaled(let signal): .signalled(signal)
      }
    self.init(
      cause: watched.ending ?? own, output: watched.output, errorOutput: watched.errorOutput,
      outputWasCut: watched.outputWasCut, seconds: watched.seconds, pid: pid)
  }
}
