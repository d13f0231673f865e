// The five convolutions of AlexNet that Eyeriss was measured with, on the template configured alike
// (docs/validation.md). The tests print the rows of that page.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "accel/asic.hpp"
#include "accel/resources.hpp"
#include "explore/mapper.hpp"

namespace autonba {
namespace {

/// Chen et al., JSSC 52(1), 2017: shapes from table III, measurements at 1.0 V and 200 MHz, batch 4, from table V.
/// DRAM in 16-bit words of 16 images, modelled for 256 processing elements: Chen et al., ISCA 2016, fig. 10, as
/// nn_dataflow repeats it (test_nn_dataflow.py, test_eyeriss_isca16: DRAM energy / 200).
struct PublishedLayer {
  const char* name;
  int channels_in, size, channels_out, kernel, stride, padding, groups;
  double power_mw, total_ms, processing_ms;
  int active_elements;
  double buffer_mb, dram_mb;
  double modelled_dram_mwords;
};

constexpr PublishedLayer published[] = {
    {"CONV1", 3, 227, 96, 11, 4, 0, 1, 332, 20.9, 16.5, 154, 18.5, 5.0, 2460. / 200},
    {"CONV2", 96, 27, 256, 5, 1, 2, 2, 288, 41.9, 39.2, 135, 77.6, 4.0, 2270. / 200},
    {"CONV3", 256, 13, 384, 3, 1, 1, 1, 266, 23.6, 21.8, 156, 50.2, 3.0, 2020. / 200},
    {"CONV4", 384, 13, 384, 3, 1, 1, 2, 235, 18.4, 16.0, 156, 37.4, 2.1, 1570. / 200},
    {"CONV5", 384, 13, 256, 3, 1, 1, 2, 236, 10.5, 10.0, 156, 24.9, 1.3, 1050. / 200},
};

Network network_of(const PublishedLayer& layer) {
  return {.input = {.channels = layer.channels_in, .height = layer.size, .width = layer.size, .bits = 16},
          .layers = {{.id = layer.name,
                      .inputs = {{network_input, {{0, layer.channels_in}}}},
                      .channels_in = layer.channels_in,
                      .channels_out = layer.channels_out,
                      .groups = layer.groups,
                      .kernel = {layer.kernel, layer.kernel},
                      .stride = square(layer.stride),
                      .padding = all_sides(layer.padding),
                      .height_in = layer.size,
                      .width_in = layer.size,
                      .bits = 16,
                      .bits_out = 16}}};
}

/// 12 x 14 multipliers of 16 bits as in Eyeriss; 170 KiB of its 181.5 KiB of SRAM.
constexpr Chunk like_the_chip{.bits = 16,
                              .unroll_m = 12,
                              .unroll_n = 1,
                              .unroll_p = 14,
                              .mac = MacKind::plain,
                              .requant_lanes = 4,
                              .stride_max = 4,
                              .depth_input = 256,
                              .depth_weight = 512,
                              .depth_output = 64,
                              .accumulator = true,
                              .port_bits = 32};

/// 16 x 16 multipliers; 230 KiB of the 256 KiB of the modelled one.
Chunk like_the_model() {
  Chunk chunk = like_the_chip;
  chunk.unroll_m = chunk.unroll_p = 16;
  chunk.depth_input = 512;
  chunk.depth_output = 32;
  return chunk;
}

const Platform& platform() {
  static const Platform value = load_platform("asic-65nm");
  return value;
}

double kib(const Chunk& chunk) {
  double bits = 0;
  for (const BufferMemories& memory : chunk_memories(chunk, false).all()) {
    bits += static_cast<double>(memory.count * memory.width_bits * memory.depth);
  }
  return bits / 8 / 1024;
}

/// A layer with one of its mappings.
struct Mapped {
  double ms = 0;
  double dram_mb = 0;
  double on_chip_mj = 0;  // leakage included
  double least_mb = 0;    // every map and every weight once
  std::int64_t macs = 0;  // of the batch
};

enum class Wanted { time, energy };

Mapped map_layer(const PublishedLayer& layer, const Chunk& chunk, int batch, Wanted wanted) {
  const Network network = network_of(layer);
  const Layer& only = network.layers.front();
  Mapper mapper(platform());
  const ShapeId id = mapper.intern(network).front();
  const auto front = mapper.energy_front(id, chunk, false, batch);
  const PricedMapping& best = wanted == Wanted::time ? front->front() : front->back();
  const Traffic traffic = layer_traffic(mapper.shape(id), chunk, best.mapping, batch);
  const double dram_bits = static_cast<double>((traffic.loaded_words + traffic.stored_words) * chunk.port_bits);
  const double seconds = static_cast<double>(best.cycles) / (platform().clock_mhz * 1e6);
  const double leakage_mj = ChunkEnergy(chunk, false, *platform().asic).leakage_nw() * 1e-6 * seconds;
  const double values = batch * (static_cast<double>(layer.channels_in) * layer.size * layer.size +
                                 static_cast<double>(layer.channels_out) * height_out(only) * width_out(only)) +
                        static_cast<double>(weight_count(only));
  return {.ms = 1e3 * seconds,
          .dram_mb = dram_bits / 8e6,
          .on_chip_mj = (best.energy_pj - dram_bits * platform().asic->dram_pj_per_bit) * 1e-9 + leakage_mj,
          .least_mb = 2 * values / 1e6,
          .macs = batch * macs(only)};
}

TEST(Eyeriss, TakesTheTimeOfItsMultipliersAtWork) {
  EXPECT_NEAR(kib(like_the_chip), 170, 1);
  for (const PublishedLayer& layer : published) {
    const Mapped mapped = map_layer(layer, like_the_chip, 4, Wanted::time);
    const double at_work_ms = 1e3 * static_cast<double>(mapped.macs) / layer.active_elements / 200e6;
    fmt::print("| {} | {:.0f} | {} | {:.1f} | {:.1f} | {:.1f} | {:.2f} |\n", layer.name,
               static_cast<double>(mapped.macs) / 1e6, layer.active_elements, at_work_ms, layer.processing_ms,
               mapped.ms, mapped.ms / layer.processing_ms);
    // nn_dataflow, a model of Eyeriss itself, accepts 0.8 to 1.0 of the measured time.
    const bool keeps_fewer_busy = layer.active_elements == 135;
    EXPECT_GT(mapped.ms, (keeps_fewer_busy ? 0.7 : 0.8) * layer.processing_ms) << layer.name;
    EXPECT_LT(mapped.ms, 1.1 * layer.processing_ms) << layer.name;
    EXPECT_GT(mapped.ms, 1e3 * static_cast<double>(mapped.macs) / 168 / 200e6);
  }
}

TEST(Eyeriss, TrafficIsAboveThatOfRowStationary) {
  EXPECT_NEAR(kib(like_the_model()), 230, 1);
  for (const PublishedLayer& layer : published) {
    const Mapped chip = map_layer(layer, like_the_chip, 4, Wanted::energy);
    const Mapped model = map_layer(layer, like_the_model(), 16, Wanted::energy);
    const double modelled_mb = 2 * layer.modelled_dram_mwords;
    fmt::print("| {} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.2f} |\n", layer.name, chip.least_mb,
               layer.dram_mb, chip.dram_mb, model.least_mb, modelled_mb, model.dram_mb, model.dram_mb / modelled_mb);
    EXPECT_GT(chip.dram_mb, chip.least_mb);
    EXPECT_GT(model.dram_mb, model.least_mb);
    EXPECT_LT(model.dram_mb, 2.5 * modelled_mb) << layer.name;
  }
}

TEST(Eyeriss, TablesExplainAboutHalfOfTheChipsEnergy) {
  const AsicTables& tables = *platform().asic;
  const double mac_pj = mac_of(tables, 16).energy_pj;
  const double scratchpad_pj = 16 * sram_of(tables, 16, 224).read_pj_per_bit;
  const double buffer_pj = 16 * sram_of(tables, 64, 108 * 1024 / 8).read_pj_per_bit;
  const double leakage_mw = 181.5 * 1024 * 8 * tables.sram_leakage_nw_per_bit * 1e-6;
  double measured = 0;
  double explained = 0;
  for (const PublishedLayer& layer : published) {
    const Mapped mapped = map_layer(layer, like_the_chip, 4, Wanted::energy);
    const double chip_mj = layer.power_mw * layer.total_ms * 1e-3;
    // A multiply-accumulate reads an input, a weight and a sum and writes the sum.
    const double counted_mj = static_cast<double>(mapped.macs) * (mac_pj + 4 * scratchpad_pj) * 1e-9 +
                              layer.buffer_mb * 1e6 / 2 * buffer_pj * 1e-9 + leakage_mw * layer.total_ms * 1e-3;
    fmt::print("| {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n", layer.name, chip_mj, counted_mj, counted_mj / chip_mj,
               mapped.on_chip_mj);
    EXPECT_GT(counted_mj, 0.4 * chip_mj) << layer.name;
    EXPECT_LT(counted_mj, chip_mj) << layer.name;
    EXPECT_LT(mapped.on_chip_mj, counted_mj) << layer.name;
    measured += chip_mj;
    explained += counted_mj;
  }
  EXPECT_NEAR(measured, 278 * 115.3 * 1e-3, 0.1);  // the line of totals
  EXPECT_GT(explained, 0.55 * measured);
}

}  // namespace
}  // namespace autonba
