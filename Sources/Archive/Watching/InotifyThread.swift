import CInotifyTools
import Foundation
import Synchronization

/// Owns libinotifytools, which keeps one hidden descriptor and a static event buffer and takes no lock: one thread
/// calls it, copies each event out at once and never shares it. At most one exists in a process.
final class InotifyThread: Sendable {
  private static let mask = UInt32(
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)
  private static let taken = Atomic<Bool>(false)

  private let stopping = Atomic<Bool>(false)
  private let folder: String
  private let emit: @Sendable (Arrival) -> Void
  private let machine: WatchMachine

  init(folder: String, emit: @escaping @Sendable (Arrival) -> Void) {
    self.folder = folder
    self.emit = emit
    machine = WatchMachine(root: folder)
  }

  func stop() { stopping.store(true, ordering: .releasing) }

  /// Runs the loop on a thread of its own; `done` is told nil at the end of a stopped watch.
  func start(done: @escaping @Sendable (ArchiveError?) -> Void) {
    let thread = Thread { [self] in
      guard Self.taken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
        done(ArchiveError(code: "watch-taken", message: "this process watches already", subject: folder))
        return
      }
      let failure = loop()
      inotifytools_cleanup()
      Self.taken.store(false, ordering: .releasing)
      done(failure)
    }
    thread.name = "inotify"
    thread.start()
  }

  private func loop() -> ArchiveError? {
    if let failure = begin() { return failure }
    var told = ContinuousClock.now
    while !stopping.load(ordering: .acquiring) {
      if ContinuousClock.now - told >= .seconds(1) {
        emit(.alive)
        told = .now
      }
      guard let event = inotifytools_next_event(1), let copied = Self.copy(event, root: folder) else {
        continue
      }
      for action in machine.actions(for: copied) {
        if action == .watchAnew {
          // With the descriptor go its watches, their names and what is left of its queue; the look finds the rest.
          inotifytools_cleanup()
          if let failure = begin() { return failure }
        } else {
          perform(action)
        }
      }
    }
    return nil
  }

  /// Watches everything, and then asks for a look at everything.
  private func begin() -> ArchiveError? {
    let before = Self.openDescriptors()
    guard inotifytools_initialize() != 0 else { return failure("inotify cannot be started") }
    // The library opens its descriptor without close-on-exec: children must not inherit it.
    for descriptor in Self.openDescriptors().subtracting(before) {
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
    guard inotifytools_watch_recursively(folder, Int32(bitPattern: Self.mask)) != 0 else {
      return failure("the folder cannot be watched")
    }
    emit(.scan(folder: folder))
    return nil
  }

  private func perform(_ action: WatchAction) {
    switch action {
    case .watchAnew: break
    case .watchThenScan(let path):
      // A folder that is gone again is no fault; one that cannot be watched is caught by the reconciling scan.
      _ = inotifytools_watch_recursively(path, Int32(bitPattern: Self.mask))
      emit(.scan(folder: path))
    case .tellUnlessNew(let path):
      var status = stat()
      guard lstat(path, &status) == 0 else { return }
      if status.st_mode & S_IFMT != S_IFREG || status.st_nlink > 1 { perform(.tell(path: path)) }
    case .tell(let path): emit(.file(path: path, at: Date().timeIntervalSince1970))
    case .rescan(let reason): emit(.rescan(reason: reason))
    case .rootLost: emit(.rootLost)
    }
  }

  private static func copy(_ event: UnsafePointer<inotify_event>, root: String) -> WatchEvent? {
    let mask = event.pointee.mask
    if mask & UInt32(IN_Q_OVERFLOW) != 0 { return WatchEvent(kind: .overflow, path: root, isFolder: true) }
    guard let folder = inotifytools_filename_from_wd(event.pointee.wd) else { return nil }
    var path = String(cString: folder) + String(cString: cinotify_event_name(event))
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let isFolder = mask & UInt32(IN_ISDIR) != 0
    let kinds: [(Int32, WatchEvent.Kind)] = [
      (IN_CLOSE_WRITE, .closedAfterWriting), (IN_MOVED_TO, .movedIn), (IN_CREATE, .created),
      (IN_UNMOUNT, .unmounted), (IN_DELETE_SELF, .removed), (IN_MOVE_SELF, .movedAway),
    ]
    guard let kind = kinds.first(where: { mask & UInt32($0.0) != 0 })?.1 else { return nil }
    return WatchEvent(kind: kind, path: path, isFolder: isFolder)
  }

  private func failure(_ what: String) -> ArchiveError {
    let number = inotifytools_error()
    return ArchiveError(
      code: "watch-failed", message: "\(what): \(String(cString: strerror(number)))", subject: folder,
      hint: number == ENOSPC
        ? "raise fs.inotify.max_user_watches, or run irisarchive watch --poll 5" : "irisarchive doctor")
  }

  private static func openDescriptors() -> Set<Int32> {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    let inotify = names.filter { name in
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"))
        == "anon_inode:inotify"
    }
    return Set(inotify.compactMap { Int32($0) })
  }
}
