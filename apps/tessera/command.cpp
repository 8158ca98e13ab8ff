#include "command.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

#include "tessera/core/log.h"
#include "tessera/core/thread_pool.h"

namespace tessera::app {

int CommonOptions::thread_count() const { return resolve_threads(threads); }

CLI::Validator at_least(std::int64_t least) {
  const auto check = [least](const std::string& text) -> std::string {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && read == end && value >= least) return {};
    return fmt::format("'{}' is no whole number from {} on", text, least);
  };
  return CLI::Validator(check, fmt::format(">= {}", least));
}

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description,
                      const std::string& example, CommonOptions& common,
                      std::function<void()> run) {
  CLI::App* command = app.add_subcommand(name, description);
  auto* quiet =
      command->add_flag("--quiet,-q", common.quiet, "Print results, warnings and errors only");
  command->add_flag("--verbose,-v", common.verbose, "Print details")->excludes(quiet);
  command->add_option("--seed", common.seed, "Seed of every random choice")->capture_default_str();
  command->add_option("--threads", common.threads, "Threads to use (0: every processor)")
      ->capture_default_str()
      ->check(at_least(0));
  command->footer("Example:\n  " + example);
  command->callback([&common, run = std::move(run)] {
    set_up_logging(common.quiet     ? Verbosity::kQuiet
                   : common.verbose ? Verbosity::kVerbose
                                    : Verbosity::kNormal);
    run();
  });
  return command;
}

}  // namespace tessera::app
