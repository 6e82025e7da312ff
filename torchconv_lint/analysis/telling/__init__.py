"""What rules hear of: `events` lists it, the others find it.

`events`, `conversions`, `wherever`, `meant`, `to_tensor`, `shapes_given`, `reads`, `buffers`, `copies`, `sharing`,
`snapshots`, `no_uses`, `second_names`, `other_modules`, `adopted`, `given_out`, `overlapping`, `renamed`, `graph`,
`cuts`, `kept_graphs`, `going_back`, `left_with_callers`, `metric_states`, `metrics_in_losses`, `states_kept`,
`observations`, `loops`
"""
