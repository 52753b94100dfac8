/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Models that are trained: what a person wrote (a file with the key `model`, or a mapping in a
 * scenario), and the layers that follow from it. docs/model.md has the counting rules.
 *
 *     transformer: {layers: 40, hidden: 5120, ...}  \
 *                                                     > layers, in the order of the forward pass
 *     layers: [{parameters: 1792, flops: 173MFLOP}] /
 */
#ifndef CSIN_SIM_MODEL_H
#define CSIN_SIM_MODEL_H

#include "base/yaml.h"

#define CSIN_MAX_LAYERS 4096u

struct csin_experts_spec {
    struct csin_loc loc; /* line 0: there are none */
    struct csin_count count, active, shared, ffn, dense;
};

struct csin_transformer_spec {
    struct csin_loc loc; /* line 0: not given */
    struct csin_count layers, hidden, heads, kv_heads, ffn, vocabulary, positions;
    struct csin_choice activation; /* enum csin_activation */
    struct csin_choice embeddings; /* tied, untied */
    struct csin_experts_spec experts;
};

struct csin_layer_spec {
    struct csin_loc loc;
    struct csin_text name;
    struct csin_count parameters, output, repeat;
    struct csin_quantity flop, forward_s, backward_s;
    struct csin_choice frozen; /* no, yes */
};

struct csin_model_spec {
    struct csin_loc loc;   /* line 0: not given */
    struct csin_text file; /* in place of all others */
    struct csin_text name, source;
    struct csin_count parameters; /* as published, to compare with */
    struct csin_transformer_spec transformer;
    struct csin_list layers; /* csin_layer_spec */
};

/* What one layer does for one sample. Parameters and elements are numbers, not bytes. */
struct csin_model_layer {
    const char *name;         /* NULL: none was given */
    double parameters;        /* without those of routed experts */
    double expert_parameters; /* of all routed experts */
    double forward_flop;
    double forward_s, backward_s; /* where times are given in place of FLOP: of one GPU */
    double tensor_elements; /* that the allreduces of tensor parallelism take in, forward pass */
    double expert_elements; /* that go to experts and come back, forward pass */
    double output_elements; /* handed to the next layer */
    bool timed, frozen;     /* frozen: forward only, nothing is learnt */
};

struct csin_model {
    const char *name;
    struct csin_model_layer *layers; /* [n_layers] */
    uint32_t n_layers;
    double parameters;   /* of all layers, frozen ones too */
    double trained;      /* of those that learn */
    double forward_flop; /* of one sample */
    double model_flop;   /* forward and backward, nothing twice */
    bool timed;          /* some layer has times in place of FLOP */
    bool has_experts, has_sequence;
};

/* The reader of the key `model` of a training step: the name of a file, or a mapping. Field: struct
 * csin_model_spec. */
csin_yaml_reader csin_read_model;

/* Reads the text of a model file. `file` must outlive the spec. */
enum csin_status csin_model_spec_read(struct csin_arena *arena, struct csin_diag *diag,
                                      const char *file, const char *text, size_t bytes,
                                      struct csin_model_spec *ret_spec);

/* Works out the layers, for samples of `sequence` tokens (0: none was given; a transformer needs
 * one, which is reported at `loc`). All in `arena`. Reports CSIN-902 and 903. */
enum csin_status csin_model_resolve(const struct csin_model_spec *spec, uint64_t sequence,
                                    struct csin_loc loc, struct csin_arena *arena,
                                    struct csin_diag *diag, struct csin_model *ret_model);

/* FLOP of the backward pass of a layer: twice the forward pass, for the gradients of the inputs and
 * those of the weights; none where it is frozen. */
static inline double csin_layer_backward_flop(const struct csin_model_layer *layer)
{
    return layer->frozen ? 0 : 2 * layer->forward_flop;
}

#endif
