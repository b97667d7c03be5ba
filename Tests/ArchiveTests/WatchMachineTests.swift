import Archive
import Testing

@Suite struct WatchMachineTests {
  let machine = WatchMachine(root: "/in")

  @Test func aClosedFileIsTold() {
    #expect(
      machine.actions(for: .init(kind: .closedAfterWriting, path: "/in/a.fits", isFolder: false))
        == [.tell(path: "/in/a.fits")])
  }

  @Test func aNewFolderIsWatchedBeforeItIsLookedInto() {
    for kind in [WatchEvent.Kind.created, .movedIn] {
      #expect(
        machine.actions(for: .init(kind: kind, path: "/in/d", isFolder: true)).first
          == .watchThenScan("/in/d"))
    }
  }

  @Test func anOverflowLooksAtEverythingAgain() {
    let actions = machine.actions(for: .init(kind: .overflow, path: "/in", isFolder: true))
    #expect(actions.first == .watchAnew)
    #expect(
      actions.contains { action in
        if case .rescan = action { return true }
        return false
      })
  }

  @Test func creationOfAFileIsLookedAtOnlyForWhatItIs() {
    #expect(
      machine.actions(for: .init(kind: .created, path: "/in/a.fits", isFolder: false))
        == [.tellUnlessNew(path: "/in/a.fits")])
  }

  @Test func aFolderThatMovedIsWatchedByItsNewName() {
    #expect(machine.actions(for: .init(kind: .movedAway, path: "/in/d", isFolder: true)) == [.watchAnew])
  }

  @Test func aNetworkDiskIsPolledUnlessSomebodySaysHow() {
    #expect(Listening.choose(asked: nil, network: nil) == .inotify)
    let polled = Listening.choose(asked: nil, network: NetworkFileSystem.name(magic: 0x6969))
    #expect(
      polled.sentence == "polling every 5.0 s: incoming is on nfs, where other machines' files raise no event"
    )
    #expect(Listening.choose(asked: 0.3, network: "nfs").sentence == "polling every 0.3 s")
    #expect(NetworkFileSystem.name(of: "/proc") == nil && NetworkFileSystem.name(magic: 0xef53) == nil)
  }

  @Test func onlyTheRootItselfCanBeLost() {
    #expect(machine.actions(for: .init(kind: .removed, path: "/in", isFolder: true)) == [.rootLost])
    #expect(machine.actions(for: .init(kind: .removed, path: "/in/d", isFolder: true)).isEmpty)
    #expect(machine.actions(for: .init(kind: .movedAway, path: "/in", isFolder: true)) == [.rootLost])
    #expect(machine.actions(for: .init(kind: .unmounted, path: "/in", isFolder: true)) == [.rootLost])
  }
}
