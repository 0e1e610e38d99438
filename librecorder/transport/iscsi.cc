#include "librecorder/transport/iscsi.h"

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "libfsi/base/error.h"

namespace rec {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {
constexpr auto kLogin = 15s;
constexpr auto kService = 100ms;  // libiscsi wants to be called now and then even when nothing comes

struct FreeTask {
  void operator()(scsi_task* task) const { scsi_free_scsi_task(task); }
};

/// What a callback of libiscsi leaves behind.
struct Done {
  std::optional<int> status;
  static void callback(iscsi_context*, int status, void*, void* self) { static_cast<Done*>(self)->status = status; }
};

std::string initiator() {
  char host[65] = "host";
  gethostname(host, sizeof host - 1);
  std::string name = "iqn.2026-01.discpress:";
  for (const char* c = host; *c; ++c)  // RFC 3722: lower case, digits, dash, dot, colon
    name += std::isalnum(static_cast<unsigned char>(*c)) ? static_cast<char>(std::tolower(static_cast<unsigned char>(*c))) : '-';
  return name;
}
}  // namespace

struct Iscsi::Session {
  iscsi_context* parser = nullptr;  // the URL is a part of it, and lives no longer
  iscsi_context* context = nullptr;
  iscsi_url* url = nullptr;
  bool connected = false;

  ~Session() {
    drop();
    if (url) iscsi_destroy_url(url);
    if (parser) iscsi_destroy_context(parser);
  }

  void drop() {
    if (context) iscsi_destroy_context(context);  // cancels what is under way, so that no buffer is touched any more
    context = nullptr;
    connected = false;
  }

  /// Lets libiscsi work until `done` or the time is over or the connection is lost. True: done.
  bool wait(const Done& done, Clock::time_point deadline) const {
    while (!done.status) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      if (left <= 0ms) return false;
      const int events = iscsi_which_events(context);
      pollfd fd{iscsi_get_fd(context), static_cast<short>(events), 0};
      if (poll(&fd, 1, static_cast<int>(std::min<std::chrono::milliseconds>(left, kService).count())) < 0 && errno != EINTR) return false;
      if (iscsi_service(context, fd.revents) < 0) return done.status.has_value();
    }
    return true;
  }

  /// Empty when logged in, else why not.
  std::string connect() {
    drop();
    context = iscsi_create_context(initiator().c_str());
    if (!context) return "there is not enough memory";
    iscsi_set_targetname(context, url->target);
    iscsi_set_session_type(context, ISCSI_SESSION_NORMAL);
    iscsi_set_header_digest(context, ISCSI_HEADER_DIGEST_NONE_CRC32C);
    if (url->user[0]) iscsi_set_initiator_username_pwd(context, url->user, url->passwd);
    // A session that comes back by itself would hide that the drive has forgotten what it was doing.
    iscsi_set_noautoreconnect(context, 1);
    const auto deadline = Clock::now() + kLogin;
    const auto step = [&](const char* what, auto start) -> std::string {
      Done done;
      if (start(&done) != 0 || !wait(done, deadline) || *done.status != SCSI_STATUS_GOOD) {
        std::string_view said = iscsi_get_error(context);
        said = said.substr(0, said.find_last_not_of(" .\n") + 1);
        const std::string why = fsi::printable(said);
        drop();
        return std::string(what) + (why.empty() ? "" : ": " + why);
      }
      return {};
    };
    std::string why =
        step("there is no answer", [&](Done* done) { return iscsi_connect_async(context, url->portal, Done::callback, done); });
    if (why.empty()) why = step("the target refuses", [&](Done* done) { return iscsi_login_async(context, Done::callback, done); });
    connected = why.empty();
    return why;
  }
};

Iscsi::Iscsi(const std::string& url) : session_(std::make_unique<Session>()) {
  if (url.find('@') != std::string::npos)
    throw fsi::Error(fsi::ErrorKind::usage, "iscsi://", "opening the drive",
                     "a password does not belong on a command line; set LIBISCSI_CHAP_USERNAME and LIBISCSI_CHAP_PASSWORD");
  session_->parser = iscsi_create_context(initiator().c_str());
  if (!session_->parser) throw std::bad_alloc();
  session_->url = iscsi_parse_full_url(session_->parser, url.c_str());
  if (!session_->url)
    throw fsi::Error(fsi::ErrorKind::usage, fsi::printable(url), "opening the drive",
                     "it is no address of a drive; write iscsi://HOST[:PORT]/TARGET/LUN");
  name_ = fsi::printable(std::string("iscsi://") + session_->url->portal + "/" + session_->url->target + "/" +
                         std::to_string(session_->url->lun));
  if (const std::string why = session_->connect(); !why.empty())
    throw fsi::Error(fsi::ErrorKind::unsuitable, name_, "opening the drive",
                     why + "; check the address, and that the target is running and lets this computer in");
}

Iscsi::~Iscsi() {
  if (!session_->connected) return;
  Done done;
  if (iscsi_logout_async(session_->context, Done::callback, &done) == 0) session_->wait(done, Clock::now() + 2s);
  session_->drop();  // while `done` is still there
}

Answer Iscsi::execute(const Command& command) {
  Answer answer;
  const auto bytes = static_cast<uint32_t>(command.in.size() + command.out.size());
  answer.residual = bytes;
  if (!session_->connected && !session_->connect().empty()) {
    answer.outcome = Outcome::gone;
    return answer;
  }
  iscsi_context* const context = session_->context;
  Cdb cdb = command.cdb;
  const int direction = bytes == 0 ? SCSI_XFER_NONE : command.direction == Direction::to_drive ? SCSI_XFER_WRITE : SCSI_XFER_READ;
  const std::unique_ptr<scsi_task, FreeTask> task(scsi_create_task(cdb.length, cdb.bytes.data(), direction, static_cast<int>(bytes)));
  if (!task) throw std::bad_alloc();
  if (!command.in.empty() && scsi_task_add_data_in_buffer(task.get(), static_cast<int>(command.in.size()),
                                                          reinterpret_cast<unsigned char*>(command.in.data())) != 0)
    throw std::bad_alloc();
  iscsi_data out{command.out.size(), reinterpret_cast<unsigned char*>(const_cast<std::byte*>(command.out.data()))};
  Done done;
  const bool sent =
      iscsi_scsi_command_async(context, session_->url->lun, task.get(), Done::callback, command.out.empty() ? nullptr : &out, &done) == 0;
  const auto deadline = Clock::now() + command.timeout;
  if (!sent || !session_->wait(done, deadline)) {
    // The buffers are the caller's, so nothing may be left under way: the session ends, and the next command makes another.
    answer.outcome = sent && Clock::now() >= deadline ? Outcome::timeout : Outcome::gone;
    session_->drop();
    return answer;
  }
  answer.residual = task->residual_status == SCSI_RESIDUAL_UNDERFLOW ? static_cast<uint32_t>(std::min<size_t>(task->residual, bytes)) : 0;
  switch (*done.status) {
    case SCSI_STATUS_GOOD:
    case SCSI_STATUS_CONDITION_MET: return answer;
    case SCSI_STATUS_CHECK_CONDITION: {
      answer.outcome = Outcome::check;
      answer.status = 2;
      // libiscsi decodes key and code alone; progress and LBA are in the bytes, behind a length of two (RFC 7143 11.4.7.2).
      const auto data = std::as_bytes(
          std::span(task->datain.data, task->datain.data && task->datain.size > 0 ? static_cast<size_t>(task->datain.size) : 0));
      if (data.size() > 2) {
        const size_t length = static_cast<size_t>(data[0]) << 8 | static_cast<size_t>(data[1]);
        answer.sense = parse_sense(data.subspan(2, std::min(length, data.size() - 2)));
      }
      if (command.direction == Direction::to_drive)
        answer.residual = task->residual_status == SCSI_RESIDUAL_UNDERFLOW ? answer.residual : bytes;
      return answer;
    }
    case SCSI_STATUS_BUSY:
    case SCSI_STATUS_RESERVATION_CONFLICT:
    case SCSI_STATUS_TASK_SET_FULL:
      answer.outcome = Outcome::busy;
      answer.status = static_cast<uint8_t>(*done.status);
      return answer;
    case SCSI_STATUS_TIMEOUT: answer.outcome = Outcome::timeout; break;
    case SCSI_STATUS_CANCELLED:
    case SCSI_STATUS_ERROR: answer.outcome = Outcome::gone; break;
    default:
      answer.outcome = Outcome::transport_error;
      answer.status = static_cast<uint8_t>(*done.status);
      answer.transport = fsi::printable(iscsi_get_error(context));
      return answer;
  }
  session_->drop();
  return answer;
}

}  // namespace rec
