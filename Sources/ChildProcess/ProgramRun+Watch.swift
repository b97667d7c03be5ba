import Foundation
import Glibc

/// What a watcher saw of a run.
struct Watched: Sendable {
  var ending: ProgramEnd.Cause?
  var output = Data()
  var errorOutput = Data()
  var outputWasCut = false
  var seconds = 0.0
}

extension ProgramRun {
  /// Watches the child on a thread of its own until it has ended. The child is not reaped meanwhile, so its process
  /// group cannot be anybody else's when it is signalled.
  func watch(
    pid: pid_t, descriptor: Int32, channels: Channels, cancelled: Descriptor
  ) async -> Watched {
    let supervision = Supervision(timeout: timeout, grace: grace)
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var watcher = Watcher(
          pid: pid, processDescriptor: descriptor, channels: channels, cancelled: cancelled,
          supervision: supervision)
        continuation.resume(returning: watcher.watchToTheEnd())
      }
    }
  }
}

/// The descriptors and the clock around ``Supervision``: one `poll` loop.
private struct Watcher {
  let pid: pid_t
  /// A pidfd, or -1 on kernels without.
  let processDescriptor: Int32
  let channels: Channels
  let cancelled: Descriptor
  var supervision: Supervision
  private var output: OutputSink?
  private var errorOutput: OutputSink?
  private var hasEnded = false
  private var isCancelled = false
  private let start = SuspendingClock.now

  init(
    pid: pid_t, processDescriptor: Int32, channels: Channels, cancelled: Descriptor,
    supervision: Supervision
  ) {
    self.pid = pid
    self.processDescriptor = processDescriptor
    self.channels = channels
    self.cancelled = cancelled
    self.supervision = supervision
    self.output = channels.output
    self.errorOutput = channels.errorOutput
  }

  mutating func watchToTheEnd() -> Watched {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    defer { buffer.deallocate() }
    var seconds = 0.0
    while !isDone {
      wait()
      output?.drain(using: buffer)
      errorOutput?.drain(using: buffer)
      if isCancelled { send(supervision.cancel(now: now)) }
      if !hasEnded && programHasEnded() {
        hasEnded = true
        seconds = now / .seconds(1)
        send(supervision.programEnded(now: now))
      }
      send(supervision.timePassed(now: now))
    }
    channels.lifeline?.close()
    return Watched(
      ending: supervision.ending, output: output?.captured ?? Data(),
      errorOutput: errorOutput?.captured ?? Data(),
      outputWasCut: output?.wasCut == true || errorOutput?.wasCut == true, seconds: seconds)
  }

  private var now: Duration { SuspendingClock.now - start }

  private var pipesAreClosed: Bool { (output?.pollable ?? -1) < 0 && (errorOutput?.pollable ?? -1) < 0 }

  private var isDone: Bool { hasEnded && (pipesAreClosed || supervision.isOver(now: now)) }

  /// Sleeps until a pipe, the process, a cancellation or a deadline wants attention.
  private mutating func wait() {
    var watched = [
      hasEnded ? -1 : processDescriptor, isCancelled ? -1 : cancelled.rawValue, output?.pollable ?? -1,
      errorOutput?.pollable ?? -1,
    ].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let count = poll(&watched, nfds_t(watched.count), waitMilliseconds)
    if count > 0 && watched[1].revents != 0 { isCancelled = true }
  }

  /// Time to the next deadline, rounded up; 20 ms at most where the kernel has no pidfd to wait on.
  private var waitMilliseconds: Int32 {
    let byDeadline = supervision.deadline.map { deadline in
      Int32(clamping: Int64(((deadline - now) / .milliseconds(1)).rounded(.up).clamped(to: 0...1e9)))
    }
    let byPolling: Int32? = processDescriptor < 0 && !hasEnded ? 20 : nil
    return [byDeadline, byPolling].compactMap { $0 }.min() ?? -1
  }

  /// Asks without reaping.
  private func programHasEnded() -> Bool {
    var info = siginfo_t()
    let result = waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT)
    return result != 0 ? errno == ECHILD : info.si_signo == SIGCHLD
  }

  private func send(_ signals: [Int32]) {
    for signal in signals { _ = kill(-pid, signal) }
  }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
