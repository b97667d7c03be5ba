/// One inotify event, copied out of the library's buffer.
package struct WatchEvent: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case closedAfterWriting, movedIn, created, overflow, unmounted, removed, movedAway
  }

  package var kind: Kind
  package var path: String
  package var isFolder: Bool

  package init(kind: Kind, path: String, isFolder: Bool) {
    self.kind = kind
    self.path = path
    self.isFolder = isFolder
  }
}

/// What to do about an event.
package enum WatchAction: Sendable, Equatable {
  /// Start watching the folder (recursively), and only then look into it: files may be in it already.
  case watchThenScan(String)
  case tell(path: String)
  /// Look what it is, and tell it unless it is a file that somebody is about to write (a link is created, never closed;
  /// a second name of a file likewise).
  case tellUnlessNew(path: String)
  /// Forget all watches, watch everything anew, and look at everything: what is watched has other names now, or is not
  /// known.
  case watchAnew
  /// Say that events were lost; ``watchAnew`` looks at everything.
  case rescan(reason: String)
  case rootLost
}

/// The pure part of the watcher: events in, actions out, no file and no clock.
package struct WatchMachine: Sendable {
  package let root: String

  package init(root: String) {
    self.root = root
  }

  package func actions(for event: WatchEvent) -> [WatchAction] {
    switch event.kind {
    case .overflow:
      return [.watchAnew, .rescan(reason: "the kernel's event queue overflowed")]
    case .unmounted: return [.rootLost]
    case .removed: return event.path == root ? [.rootLost] : []
    // Its watches, and those of all folders in it, go by names that are true no longer.
    case .movedAway: return event.path == root ? [.rootLost] : [.watchAnew]
    case .created where event.isFolder, .movedIn where event.isFolder:
      return [.watchThenScan(event.path), .tell(path: event.path)]
    // A file's creation says nothing, its closing will; of a link there is nothing more to come.
    case .created: return [.tellUnlessNew(path: event.path)]
    case .closedAfterWriting, .movedIn: return event.isFolder ? [] : [.tell(path: event.path)]
    }
  }
}
