#include "librecorder/host/inhibit.h"

#include <fcntl.h>
#include <systemd/sd-bus.h>

#include <memory>

namespace rec {

namespace {
struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
struct FreeMessage {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
constexpr uint64_t kPatience = 3'000'000;  // microseconds: a bus that hangs must not hold up the burn
}  // namespace

Inhibit::Inhibit(const std::string& why) {
  sd_bus* opened = nullptr;
  if (sd_bus_open_system(&opened) < 0) return;
  const std::unique_ptr<sd_bus, CloseBus> bus(opened);
  sd_bus_set_method_call_timeout(bus.get(), kPatience);
  // The lid is a right of its own, and not everybody has each of them.
  for (const char* what : {"shutdown:sleep:idle:handle-lid-switch", "shutdown:sleep:idle", "sleep:idle", "idle"}) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* answered = nullptr;
    const int result = sd_bus_call_method(bus.get(), "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                                          "Inhibit", &error, &answered, "ssss", what, "burn", why.c_str(), "block");
    const std::unique_ptr<sd_bus_message, FreeMessage> answer(answered);
    const bool forbidden = sd_bus_error_has_name(&error, SD_BUS_ERROR_ACCESS_DENIED) ||
                           sd_bus_error_has_name(&error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED);
    sd_bus_error_free(&error);
    if (result < 0) {
      if (forbidden) continue;
      return;
    }
    int fd = -1;
    if (sd_bus_message_read(answer.get(), "h", &fd) < 0) return;
    fd_ = fsi::Fd(fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (fd_) held_ = what;
    return;
  }
}

}  // namespace rec
