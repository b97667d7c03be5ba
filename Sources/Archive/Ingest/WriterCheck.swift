import Glibc

/// Whether somebody has a file open for writing, asked of the kernel: a read lease cannot be had then.
enum WriterCheck {
  // fcntl commands of Linux that the C library shows only under _GNU_SOURCE.
  private static let setLease: Int32 = 1024

  /// False also where leases are not to be had (another owner without CAP_LEASE, NFS): structure decides there.
  static func hasWriter(_ descriptor: Int32) -> Bool {
    if fcntl(descriptor, setLease, Int32(F_RDLCK)) == 0 {
      _ = fcntl(descriptor, setLease, Int32(F_UNLCK))
      return false
    }
    return errno == EAGAIN
  }
}
