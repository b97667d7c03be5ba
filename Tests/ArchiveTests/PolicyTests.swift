import CatalogStore
import ChildProcess
import Executors
import JobContract
import Testing

@testable import Archive
