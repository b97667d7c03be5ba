import Glibc

/// The descriptors of a run: the child's three, and this process's other ends of them.
struct Channels: Sendable {
  let childInput: Descriptor
  let childOutput: Descriptor
  let childError: Descriptor
  /// Held until the run is over: its closing is the child's end of file.
  let lifeline: Descriptor?
  /// The pipes and what becomes of them, standard output first.
  let output: OutputSink?
  let errorOutput: OutputSink?

  init(for run: ProgramRun) throws(ChildProcessError) {
    (childInput, lifeline) = try Self.input(run.standardInput)
    (childOutput, output) = try Self.output(run.output)
    switch run.errorOutput {
    case .withOutput: (childError, errorOutput) = (childOutput, nil)
    case .discarded: (childError, errorOutput) = try Self.output(.discarded)
    case .captured(let limit): (childError, errorOutput) = try Self.output(.captured(limit: limit))
    }
  }

  /// Closes this process's copies of the child's ends, so that end of file can be seen.
  func closeChildEnds() {
    childInput.close()
    childOutput.close()
    childError.close()
  }

  private static func input(
    _ input: ProgramRun.StandardInput
  ) throws(ChildProcessError) -> (Descriptor, Descriptor?) {
    switch input {
    case .none: return (try .open("/dev/null", O_RDONLY, code: "descriptor"), nil)
    case .data(let data): return (try .memory(holding: Array(data)), nil)
    case .lifeline:
      let pipe = try Descriptor.pipe()
      return (pipe.reader, pipe.writer)
    }
  }

  private static func output(
    _ output: ProgramRun.Output
  ) throws(ChildProcessError) -> (Descriptor, OutputSink?) {
    switch output {
    case .discarded: return (try .open("/dev/null", O_WRONLY, code: "descriptor"), nil)
    case .captured(let limit):
      let pipe = try Descriptor.pipe(nonBlockingReader: true)
      return (pipe.writer, OutputSink(capturing: pipe.reader, limit: limit))
    case .file(let path, let append, let capBytes):
      let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | (append ? O_APPEND : O_TRUNC)
      let file = try Descriptor.open(path, flags, code: "output-file")
      let pipe = try Descriptor.pipe(nonBlockingReader: true)
      return (pipe.writer, OutputSink(pipe: pipe.reader, file: file, capBytes: capBytes))
    }
  }
}
