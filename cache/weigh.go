package cache

import "reflect"

// emptyWeight is what an entry costs beside its value, in bytes: measured
// roughly, the bound is meant to hold memory down, not to the byte.
const emptyWeight = 160

// maxDepth keeps weigh from following a value without end.
const maxDepth = 12

// weigh estimates the bytes that v keeps alive.
func weigh(v any) uint32 {
	n := uint(emptyWeight + size(reflect.ValueOf(v), 0))
	return uint32(min(n, 1<<30))
}

func size(v reflect.Value, depth int) int {
	if !v.IsValid() || depth > maxDepth {
		return 0
	}
	total := int(v.Type().Size())
	return total + beyond(v, depth)
}

// beyond is what v keeps alive outside its own bytes.
func beyond(v reflect.Value, depth int) int {
	if depth > maxDepth {
		return 0
	}
	total := 0
	switch v.Kind() {
	case reflect.String:
		total = v.Len()
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			total = size(v.Elem(), depth+1)
		}
	case reflect.Slice:
		for i := range v.Len() {
			total += size(v.Index(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			total += beyond(v.Index(i), depth+1)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			total += size(it.Key(), depth+1) + size(it.Value(), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			total += beyond(v.Field(i), depth+1)
		}
	}
	return total
}
